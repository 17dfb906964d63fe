package io.marchproxy.l3l4.engine.udp;

import io.marchproxy.l3l4.engine.sys.Errno;
import io.marchproxy.l3l4.engine.sys.SocketCalls;
import io.marchproxy.l3l4.engine.sys.SocketLayout;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * What the kernel does of handling several datagrams as one: since Linux 4.18 it takes them at once (UDP_SEGMENT), since 5.0
 * it hands them on merged (UDP_GRO).
 *
 * @param segments whether it takes several at once
 * @param merges whether it hands them on merged
 */
record Offload(boolean segments, boolean merges) {
    private static final Logger LOG = LoggerFactory.getLogger(Offload.class);

    /** Each datagram by itself. */
    static final Offload NONE = new Offload(false, false);

    /** Tries both on a socket. The first shard, whose number is 0, says what is refused: it is the same for all. */
    static Offload of(int shard) {
        SocketCalls calls = new SocketCalls();
        int fd = open(calls, SocketLayout.AF_INET);
        if (fd < 0) {
            fd = open(calls, SocketLayout.AF_INET6);
        }
        if (fd < 0) {
            LOG.debug("UDP offload can't be tried: {}", Errno.describe(-fd));
            return NONE;
        }
        try {
            int segment = calls.setOption(fd, SocketLayout.SOL_UDP, SocketLayout.UDP_SEGMENT, 0);
            int merge = calls.setOption(fd, SocketLayout.SOL_UDP, SocketLayout.UDP_GRO, 1);
            if (shard == 0 && segment < 0) {
                LOG.warn("UDP_SEGMENT is refused here ({}); each datagram is sent by itself", Errno.describe(-segment));
            }
            if (shard == 0 && merge < 0) {
                LOG.warn("UDP_GRO is refused here ({}); each datagram is received by itself", Errno.describe(-merge));
            }
            return new Offload(segment >= 0, merge >= 0);
        } finally {
            calls.close(fd);
        }
    }

    private static int open(SocketCalls calls, int family) {
        return calls.socket(family, SocketLayout.SOCK_DGRAM | SocketLayout.SOCK_CLOEXEC, DatagramReceiver.UDP);
    }
}
