package io.marchproxy.l3l4.engine.shard;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;

import java.net.InetAddress;
import java.net.InetSocketAddress;
import org.junit.jupiter.api.Test;

class BackendDirectoryTest {
    private final BackendDirectory directory = new BackendDirectory();

    @Test
    void shouldKnowNobodyAtFirst() {
        assertNull(directory.get(0));
        assertNull(directory.get(-1));
        assertEquals(0, directory.size());
    }

    @Test
    void shouldKeepABackendThatIsGoneForConnectsOnTheirWayThere() {
        BackendTarget first = target(0, 80);
        BackendTarget second = target(1, 81);
        directory.publish(new BackendTarget[] {first, second});
        BackendTarget moved = target(0, 8080);
        directory.publish(new BackendTarget[] {moved});
        assertEquals(moved, directory.get(0));
        assertEquals(second, directory.get(1));
        directory.publish(new BackendTarget[] {null, null, target(2, 82)});
        assertEquals(moved, directory.get(0));
        assertEquals(3, directory.size());
    }

    private static BackendTarget target(int index, int port) {
        return new BackendTarget(index, 0, "b" + index, new InetSocketAddress(InetAddress.getLoopbackAddress(), port));
    }
}
