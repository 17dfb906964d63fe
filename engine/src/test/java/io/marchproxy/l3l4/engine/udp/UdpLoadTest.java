package io.marchproxy.l3l4.engine.udp;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.sun.management.ThreadMXBean;
import io.marchproxy.l3l4.engine.transport.TransportKind;
import io.marchproxy.l3l4.engine.udp.UdpRig.Machine;
import io.marchproxy.l3l4.stages.packet.Direction;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.nio.ByteBuffer;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.MethodSource;

/** Many datagrams, as fast as they come back: none is lost, changed or out of order, and none makes garbage. */
@Timeout(300)
class UdpLoadTest {
    private static final int DATAGRAMS = 100_000;
    private static final int DATAGRAMS_FOR_THE_SLOW = 20_000;
    private static final int WINDOW = 128;
    private static final int LONGEST_COMMON = 1472;
    private static final int ONE_IN = 500;
    private static final int LONGEST = 20_000;
    private static final int WARM_UP = 100_000;

    /** Runs of {@link #DATAGRAMS} until the JIT is through with the loop; in one of them no object may be made at all. */
    private static final int RUNS = 10;

    /**
     * With epoll, Netty makes an object where a turn of the loop waits; no object has less than 16 bytes, so this many mean
     * none per datagram, nor for every fourth.
     */
    private static final double ALLOWED_BYTES_WITH_EPOLL = 4;

    static List<Machine> machines() {
        return Machine.all();
    }

    @ParameterizedTest
    @MethodSource("machines")
    void shouldRelayABurstInOrderAndUnchanged(Machine machine) throws Exception {
        try (EchoBackend backend = new EchoBackend();
                UdpRig rig = UdpRig.of(machine, UdpRig.service("127.0.0.1").backend("b", "127.0.0.1", backend.port()));
                TestClient client = new TestClient()) {
            MessageDigest sent = sha256();
            MessageDigest received = sha256();
            Random random = new Random(3);
            int datagrams = datagrams(machine);
            int outstanding = 0;
            for (int i = 0; i < datagrams; i++) {
                byte[] payload = payload(i, random);
                sent.update(payload);
                client.send(payload, rig.address());
                outstanding++;
                for (; outstanding >= WINDOW; outstanding--) {
                    received.update(client.receive().payload());
                }
            }
            for (; outstanding > 0; outstanding--) {
                received.update(client.receive().payload());
            }
            assertArrayEquals(sent.digest(), received.digest());
            assertEquals(datagrams, rig.out(Direction.TO_BACKEND));
            assertEquals(datagrams, rig.out(Direction.TO_CLIENT));
            rig.assertBalanced();
            rig.assertNoBufferLost();
        }
    }

    @ParameterizedTest
    @EnumSource(names = {"IO_URING", "EPOLL"})
    void shouldAllocateNothingPerDatagram(TransportKind transport) throws Exception {
        try (EchoBackend backend = new EchoBackend();
                UdpRig rig = UdpRig.of(
                        new Machine(transport, false),
                        UdpRig.service("0.0.0.0").backend("b", "127.0.0.1", backend.port()));
                TestClient client = new TestClient()) {
            ThreadMXBean threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();
            long loop = rig.shard()
                    .loop()
                    .submit(() -> Thread.currentThread().threadId())
                    .get();
            pump(client, rig, WARM_UP);
            long allowed = transport == TransportKind.IO_URING ? 0 : (long) (ALLOWED_BYTES_WITH_EPOLL * 2 * DATAGRAMS);
            long allocated = Long.MAX_VALUE;
            for (int run = 0; run < RUNS && allocated > allowed; run++) {
                long before = threads.getThreadAllocatedBytes(loop);
                pump(client, rig, DATAGRAMS);
                allocated = threads.getThreadAllocatedBytes(loop) - before;
            }
            assertTrue(allocated <= allowed, allocated + " bytes for " + 2 * DATAGRAMS + " datagrams");
        }
    }

    private static int datagrams(Machine machine) {
        boolean isSlow = machine.pipelined() || machine.transport() == TransportKind.NIO;
        return isSlow ? DATAGRAMS_FOR_THE_SLOW : DATAGRAMS;
    }

    private static void pump(TestClient client, UdpRig rig, int datagrams) throws IOException {
        byte[] payload = new byte[64];
        for (int i = 0; i < WINDOW; i++) {
            client.send(payload, UdpRig.at("127.0.0.1", rig.address().getPort()));
        }
        for (int i = 0; i < datagrams - WINDOW; i++) {
            client.receive();
            client.send(payload, UdpRig.at("127.0.0.1", rig.address().getPort()));
        }
        for (int i = 0; i < WINDOW; i++) {
            client.receive();
        }
    }

    /** Its number, and noise of a length that varies; now and then one that does not fit a short buffer. */
    private static byte[] payload(int number, Random random) {
        int most = random.nextInt(ONE_IN) == 0 ? LONGEST : LONGEST_COMMON;
        byte[] payload = new byte[Integer.BYTES + random.nextInt(most - Integer.BYTES)];
        random.nextBytes(payload);
        ByteBuffer.wrap(payload).putInt(number);
        return payload;
    }

    private static MessageDigest sha256() throws NoSuchAlgorithmException {
        return MessageDigest.getInstance("SHA-256");
    }
}
