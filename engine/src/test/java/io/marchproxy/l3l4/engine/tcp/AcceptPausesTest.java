package io.marchproxy.l3l4.engine.tcp;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.api.Test;

class AcceptPausesTest {
    private final AcceptPauses pauses = new AcceptPauses();

    @Test
    void shouldTellOnceThatTheListenersOfAServicePauseAndOnceThatTheyGoOn() {
        assertTrue(pauses.of("web").begun(), "the first shard's listener");
        assertFalse(pauses.of("web").begun(), "the second shard's");
        assertTrue(pauses.of("dns").begun(), "another service");
        assertFalse(pauses.of("web").ended(), "one pauses still");
        assertTrue(pauses.of("web").ended());
        assertTrue(pauses.of("web").begun(), "the next time");
        assertEquals(3, pauses.count("web"));
        assertEquals(1, pauses.count("dns"));
        assertEquals(0, pauses.count("none"));
    }
}
