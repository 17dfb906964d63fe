package io.marchproxy.l3l4.engine.health;

import io.marchproxy.l3l4.engine.sys.AnonymousMemory;
import io.marchproxy.l3l4.engine.sys.Errno;
import io.marchproxy.l3l4.engine.sys.SocketAddresses;
import io.marchproxy.l3l4.engine.sys.SocketCalls;
import io.marchproxy.l3l4.engine.sys.SocketLayout;
import io.marchproxy.l3l4.stages.packet.Memory;
import io.netty.channel.EventLoop;
import java.net.Inet6Address;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.util.HashMap;
import java.util.Map;
import java.util.concurrent.RejectedExecutionException;
import org.jspecify.annotations.Nullable;

/**
 * Probes by ICMP echo (RFC 792, RFC 4443) over the kernel's ping sockets (icmp(7), {@code net.ipv4.ping_group_range}), which
 * need no privilege: one socket, and one thread that waits for answers, for each address family whatever the number of
 * backends. The kernel fills in identifier and checksum, and hands each socket its own answers alone; a number in each
 * packet tells which probe is answered.
 *
 * <pre>
 * 0 type (1)   1 code (1)   2 checksum (2)   4 identifier (2)   6 sequence (2)   8 number of the probe (8)
 * </pre>
 */
final class PingProber implements Prober {
    private static final int IPPROTO_ICMP = 1;
    private static final int IPPROTO_ICMPV6 = 58;
    private static final int ECHO_4 = 8;
    private static final int ECHO_6 = 128;
    private static final int NUMBER = 8;
    private static final int PACKET_BYTES = 16;
    private static final int ROOM_BYTES = 256;

    private final EventLoop loop;
    private final Map<Long, ProbeRun> asked = new HashMap<>();
    private @Nullable PingSocket four;
    private @Nullable PingSocket six;
    private long number;

    PingProber(EventLoop loop) {
        this.loop = loop;
    }

    /**
     * Why there are no ping sockets for this process here, or the empty text.
     */
    static String refusal() {
        SocketCalls calls = new SocketCalls();
        int fd = calls.socket(SocketLayout.AF_INET, SocketLayout.SOCK_DGRAM | SocketLayout.SOCK_CLOEXEC, IPPROTO_ICMP);
        if (fd < 0) {
            return words(-fd);
        }
        calls.close(fd);
        return "";
    }

    private static String words(int errno) {
        return errno == Errno.EACCES || errno == Errno.EPERM
                ? "ICMP echo is not allowed to this process: its group has to be in net.ipv4.ping_group_range, such as by"
                        + " sysctl -w net.ipv4.ping_group_range=\"0 2147483647\""
                : "no socket for ICMP echo: " + Errno.describe(errno);
    }

    @Override
    public void begin(ProbeRun run) {
        InetAddress address = run.target().address().getAddress();
        PingSocket socket = socketFor(address);
        if (socket.fault.isEmpty()) {
            long mine = ++number;
            asked.put(mine, run);
            run.whenOver(() -> asked.remove(mine));
            run.waitsFor("ICMP echo reply");
            int error = socket.send(address, mine);
            if (error == Errno.ENETUNREACH || error == Errno.EHOSTUNREACH) {
                run.failed("probe: " + (error == Errno.ENETUNREACH ? "network" : "host") + " unreachable");
            } else if (error != 0) {
                run.notAsked(Errno.describe(error));
            }
        } else {
            run.notAsked(socket.fault);
        }
    }

    private PingSocket socketFor(InetAddress address) {
        if (address instanceof Inet6Address) {
            PingSocket known = six;
            if (known == null || !known.fault.isEmpty()) {
                known = new PingSocket(SocketLayout.AF_INET6, IPPROTO_ICMPV6, ECHO_6);
                six = known;
            }
            return known;
        }
        PingSocket known = four;
        if (known == null || !known.fault.isEmpty()) {
            known = new PingSocket(SocketLayout.AF_INET, IPPROTO_ICMP, ECHO_4);
            four = known;
        }
        return known;
    }

    private void answered(long which, InetAddress from) {
        ProbeRun run = asked.get(which);
        if (run != null && run.target().address().getAddress().equals(from)) {
            run.answered();
        }
    }

    @Override
    public void close() {
        for (PingSocket socket : new @Nullable PingSocket[] {four, six}) {
            if (socket != null) {
                socket.end();
            }
        }
    }

    /** A ping socket of one family. The monitor's thread sends, one of its own receives. */
    private final class PingSocket {
        private static final int SO_RCVTIMEO = 20;
        private static final int WAIT_MICROS = 100_000;
        private static final int HEADER = 0;
        private static final int NAME = SocketLayout.MMSGHDR_SIZE;
        private static final int IOV = NAME + 32;
        private static final int DATA = IOV + SocketLayout.IOVEC_SIZE;

        final String fault;
        private final int fd;
        private final int echo;
        private final SocketCalls calls = new SocketCalls();
        private final AnonymousMemory outgoing = new AnonymousMemory(DATA + ROOM_BYTES);
        private volatile boolean ended;

        PingSocket(int family, int protocol, int echo) {
            this.echo = echo;
            int opened = calls.socket(family, SocketLayout.SOCK_DGRAM | SocketLayout.SOCK_CLOEXEC, protocol);
            fd = opened;
            fault = opened < 0 ? words(-opened) : "";
            if (opened < 0) {
                outgoing.close();
            } else {
                // A time-out rather than a way to wake the reader: nobody waits for its end.
                Memory.putLong(outgoing.address(), 0);
                Memory.putLong(outgoing.address() + Long.BYTES, WAIT_MICROS);
                calls.setOption(fd, SocketLayout.SOL_SOCKET, SO_RCVTIMEO, outgoing.address(), 2 * Long.BYTES);
                Thread.ofPlatform().daemon().name("health-icmp").start(this::receive);
            }
        }

        /** Sends a request; answers an errno, or 0. */
        int send(InetAddress to, long which) {
            long at = outgoing.address();
            Memory.zero(at, DATA + PACKET_BYTES);
            int nameBytes = SocketAddresses.write(at + NAME, new InetSocketAddress(to, 0));
            message(at, nameBytes, PACKET_BYTES);
            Memory.putByte(at + DATA, (byte) echo);
            Memory.putShortBe(at + DATA + 6, (short) which);
            Memory.putLongBe(at + DATA + NUMBER, which);
            int sent = calls.sendMany(fd, at + HEADER, 1, SocketLayout.MSG_DONTWAIT);
            return sent < 0 ? -sent : 0;
        }

        private static void message(long at, int nameBytes, int bytes) {
            Memory.putLong(at + SocketLayout.MSG_NAME, at + NAME);
            Memory.putInt(at + SocketLayout.MSG_NAME_LENGTH, nameBytes);
            Memory.putLong(at + SocketLayout.MSG_IOV, at + IOV);
            Memory.putLong(at + SocketLayout.MSG_IOV_LENGTH, 1);
            Memory.putLong(at + IOV + SocketLayout.IOV_BASE, at + DATA);
            Memory.putLong(at + IOV + SocketLayout.IOV_LENGTH, bytes);
        }

        private void receive() {
            SocketCalls mine = new SocketCalls();
            try (AnonymousMemory incoming = new AnonymousMemory(DATA + ROOM_BYTES)) {
                long at = incoming.address();
                while (!ended) {
                    message(at, SocketLayout.SOCKADDR_IN6_SIZE, ROOM_BYTES);
                    int came = mine.receiveMany(fd, at + HEADER, 1, 0);
                    if (came > 0 && Memory.getInt(at + SocketLayout.MMSG_BYTES) >= PACKET_BYTES) {
                        long which = Memory.getLongBe(at + DATA + NUMBER);
                        InetAddress from = SocketAddresses.read(at + NAME).getAddress();
                        loop.execute(() -> answered(which, from));
                    }
                }
            } catch (RejectedExecutionException _) {
                // The monitor has ended meanwhile.
            } finally {
                mine.close(fd);
            }
        }

        void end() {
            if (!ended && fault.isEmpty()) {
                ended = true;
                outgoing.close();
            }
        }
    }
}
