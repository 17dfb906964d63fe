package io.marchproxy.l3l4.engine.numa;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.marchproxy.l3l4.engine.numa.PlacementPlan.Seat;
import io.marchproxy.l3l4.engine.numa.SteeringProgram.Sockets;
import io.marchproxy.l3l4.engine.sys.Errno;
import io.marchproxy.l3l4.engine.testing.Await;
import io.netty.channel.epoll.Epoll;
import io.netty.channel.unix.Socket;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.FutureTask;
import java.util.stream.IntStream;
import net.openhft.affinity.Affinity;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class SteeringTest {
    private static final int CONNECTIONS = 24;
    private static final int MOST_CPUS = 1_023;
    private static final Duration PATIENCE = Duration.ofSeconds(20);

    @TempDir
    Path root;

    private final List<Socket> sockets = new ArrayList<>();

    @BeforeAll
    static void loadNativeCode() {
        Epoll.ensureAvailability();
    }

    @AfterEach
    void close() throws IOException {
        for (Socket socket : sockets) {
            socket.close();
        }
    }

    @Test
    void shouldGiveAConnectionToASocketOfTheCpuThatItCameInOn() throws Exception {
        listen(4);
        List<Integer> mine = Affinity.getAffinity().stream().boxed().toList();
        for (int cpu : mine) {
            List<Integer> others = new ArrayList<>();
            for (int other = 0; other <= MOST_CPUS; other++) {
                if (other != cpu) {
                    others.add(other);
                }
            }
            long[] program = SteeringProgram.of(List.of(new Sockets(others, 0, 1), new Sockets(List.of(cpu), 2, 2)));
            assertEquals(0, Steering.attach(sockets.getFirst().intValue(), program));

            int[] accepted = connect(cpu);

            assertEquals(0, accepted[0] + accepted[1], "on CPU " + cpu);
            assertEquals(CONNECTIONS, accepted[2] + accepted[3], "on CPU " + cpu);
            // One in 2^23 that chance gives all to one of the two.
            assertTrue(accepted[2] > 0 && accepted[3] > 0, accepted[2] + " and " + accepted[3]);
        }
    }

    /** As when a service on a kept address is renamed: its new sockets join the port, then the old ones go, the last first. */
    @Test
    void shouldFindTheSocketsOfAnotherGroupInTheirOrderWhenTheFirstIsClosedFromItsEnd() throws Exception {
        int shards = 3;
        listen(2 * shards);
        int cpu = Affinity.getAffinity().nextSetBit(0);
        long[] program = SteeringProgram.of(List.of(new Sockets(List.of(cpu), 1, 1)));
        assertEquals(0, Steering.attach(sockets.getFirst().intValue(), program));
        for (int i = shards; i > 0; i--) {
            sockets.remove(i - 1).close();
        }

        int[] accepted = connect(cpu);

        assertEquals(CONNECTIONS, accepted[1]);
    }

    @Test
    void shouldLeaveConnectionsOfOtherCpusToTheKernel() throws Exception {
        listen(2);
        long[] program = SteeringProgram.of(List.of(new Sockets(List.of(MOST_CPUS), 0, 1)));
        assertEquals(0, Steering.attach(sockets.getFirst().intValue(), program));

        int[] accepted = connect(Affinity.getAffinity().nextSetBit(0));

        assertEquals(CONNECTIONS, accepted[0] + accepted[1]);
    }

    @Test
    void shouldSteerAmongNodesAlone() throws Exception {
        Topology two = SysfsTree.machine(root.resolve("two"), 2, 2, 1).read();
        Topology one = SysfsTree.machine(root.resolve("one"), 1, 4, 1).read();
        List<Seat> apart = List.of(new Seat(0, List.of(0)), new Seat(1, List.of(2)));
        List<Seat> together = List.of(new Seat(0, List.of(0)), new Seat(0, List.of(1)));

        assertTrue(Steering.among(apart, two).isWanted());
        assertFalse(Steering.among(together, two).isWanted());
        assertFalse(Steering.among(together, one).isWanted());
        assertEquals(Steering.OFF, Steering.among(together, one).state());
    }

    @Test
    void shouldSaySoWhenSteeredAndWhenRefused() throws Exception {
        Topology two = SysfsTree.machine(root, 2, 2, 1).read();
        Steering steering = Steering.among(List.of(new Seat(0, List.of(0)), new Seat(1, List.of(2))), two);
        listen(2);

        steering.attach(sockets.getFirst().intValue());
        assertEquals("by node", steering.state());

        steering.attach(-1);
        assertEquals("refused: " + Errno.describe(Errno.EBADF), steering.state());
    }

    private void listen(int count) throws IOException {
        InetSocketAddress address = new InetSocketAddress(InetAddress.getLoopbackAddress(), 0);
        for (int i = 0; i < count; i++) {
            Socket socket = Socket.newSocketStream();
            sockets.add(socket);
            socket.setReusePort(true);
            socket.bind(address);
            socket.listen(128);
            address = new InetSocketAddress(
                    InetAddress.getLoopbackAddress(), socket.localAddress().getPort());
        }
    }

    /** Connects from a thread on a CPU, which on the loopback is the one that a connection comes in on. By socket. */
    private int[] connect(int cpu) throws Exception {
        int port = sockets.getFirst().localAddress().getPort();
        List<java.net.Socket> clients = onCpu(cpu, () -> {
            List<java.net.Socket> connected = new ArrayList<>();
            for (int i = 0; i < CONNECTIONS; i++) {
                connected.add(new java.net.Socket(InetAddress.getLoopbackAddress(), port));
            }
            return connected;
        });
        int[] accepted = new int[sockets.size()];
        Await.until("all are accepted", PATIENCE, () -> {
            for (int i = 0; i < accepted.length; i++) {
                acceptAll(sockets.get(i), i, accepted);
            }
            return IntStream.of(accepted).sum() == CONNECTIONS;
        });
        for (java.net.Socket client : clients) {
            client.close();
        }
        return accepted;
    }

    private static void acceptAll(Socket socket, int number, int[] accepted) throws IOException {
        byte[] address = new byte[50];
        for (int fd = socket.accept(address); fd >= 0; fd = socket.accept(address)) {
            accepted[number]++;
            new io.netty.channel.unix.FileDescriptor(fd).close();
        }
    }

    private static <T> T onCpu(int cpu, Callable<T> task) throws Exception {
        FutureTask<T> pinned = new FutureTask<>(() -> {
            BitSet only = new BitSet();
            only.set(cpu);
            Affinity.setAffinity(only);
            return task.call();
        });
        Thread.ofPlatform().start(pinned);
        return pinned.get();
    }
}
