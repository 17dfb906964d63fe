package io.marchproxy.l3l4.bench.peers.load;

import io.marchproxy.l3l4.engine.sys.SystemCallException;
import java.lang.foreign.Arena;
import java.util.HashMap;
import java.util.Map;

/**
 * The backends for UDP, open from their first use to the end: a proxy that still sends what was in its buffers when a flood
 * ended must not find its backend gone, and take it out of service for the next.
 */
final class Sinks implements AutoCloseable {
    private final Arena arena = Arena.ofShared();
    private final Sockets sockets = new Sockets(arena);
    private final Map<Integer, UdpSink> byPort = new HashMap<>();
    private final Map<Integer, Integer> plainByPort = new HashMap<>();

    /** A backend that counts. */
    UdpSink counting(int port, boolean merging) throws SystemCallException {
        UdpSink sink = byPort.get(port);
        if (sink == null) {
            sink = merging ? new UdpSink.Merging(sockets, arena, port) : new UdpSink.InKernel(sockets, arena, port);
            byPort.put(port, sink);
        }
        return sink;
    }

    /** The descriptor of a backend that its user reads from. */
    int plain(int port) throws SystemCallException {
        Integer fd = plainByPort.get(port);
        if (fd == null) {
            fd = sockets.bound(port);
            plainByPort.put(port, fd);
        }
        return fd;
    }

    @Override
    public void close() {
        sockets.close();
        arena.close();
    }
}
