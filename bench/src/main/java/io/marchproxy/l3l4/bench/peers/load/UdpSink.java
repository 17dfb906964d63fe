package io.marchproxy.l3l4.bench.peers.load;

import io.marchproxy.l3l4.engine.sys.SystemCallException;
import java.lang.foreign.Arena;

/** The backend of a flood: counts what comes. */
sealed interface UdpSink {
    /** UDP_GRO of udp.h. */
    int UDP_GRO = 104;

    /** A flood of datagrams of this size begins; what an earlier one left is forgotten. */
    void begin(int datagramBytes) throws SystemCallException;

    /** Gives it a moment on the generator's thread, where it needs one. */
    void turn() throws SystemCallException;

    /** Datagrams so far. */
    long count();

    /** Counts in the kernel ({@link CountingFilter}): for datagrams one by one. */
    final class InKernel implements UdpSink {
        private final CountingFilter filter;
        private long lastCount;
        private long total;

        InKernel(Sockets sockets, Arena arena, int port) throws SystemCallException {
            filter = CountingFilter.attach(sockets.bound(port), arena);
            lastCount = filter.count();
        }

        @Override
        public void begin(int datagramBytes) {
            // The filter keeps nothing.
        }

        @Override
        public void turn() {
            // The kernel counts by itself.
        }

        @Override
        public long count() {
            long now = filter.count();
            total += now - lastCount & 0xffff_ffffL;
            lastCount = now;
            return total;
        }
    }

    /**
     * Receives with UDP_GRO, so that a proxy which sends merged datagrams need not have them taken apart, as on a link between
     * network cards that do it. Reads on the generator's thread: dozens of datagrams a call, if they come merged.
     */
    final class Merging implements UdpSink {
        private static final int MESSAGES = 64;
        private static final int LARGEST_BYTES = 65_536;

        private final Sockets sockets;
        private final Headers headers;
        private final int fd;
        private int datagramBytes = 1;
        private long total;

        Merging(Sockets sockets, Arena arena, int port) throws SystemCallException {
            this.sockets = sockets;
            headers = new Headers(arena, MESSAGES, LARGEST_BYTES, true);
            fd = sockets.bound(port);
            sockets.udpOption(fd, UDP_GRO, 1);
        }

        @Override
        public void begin(int newDatagramBytes) throws SystemCallException {
            turn();
            datagramBytes = newDatagramBytes;
        }

        @Override
        public void turn() throws SystemCallException {
            int received;
            do {
                received = sockets.receive(fd, headers);
                for (int i = 0; i < received; i++) {
                    total += headers.receivedBytes(i) / datagramBytes;
                }
            } while (received == MESSAGES);
        }

        @Override
        public long count() {
            return total;
        }
    }
}
