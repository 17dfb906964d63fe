package io.marchproxy.l3l4.engine.tcp;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.api.Test;

class AcceptPausesTest {
    private final AcceptPauses pauses = new AcceptPauses();

    @Test
    void shouldTellOnceThatTheListenersOfAServicePauseAndOnceThatTheyGoOn() {
        assertTrue(pauses.begun("web"), "the first shard's listener");
        assertFalse(pauses.begun("web"), "the second shard's");
        assertTrue(pauses.begun("dns"), "another service");
        assertFalse(pauses.ended("web"), "one pauses still");
        assertTrue(pauses.ended("web"));
        assertTrue(pauses.begun("web"), "the next time");
        assertEquals(3, pauses.count("web"));
        assertEquals(1, pauses.count("dns"));
        assertEquals(0, pauses.count("none"));
    }
}
