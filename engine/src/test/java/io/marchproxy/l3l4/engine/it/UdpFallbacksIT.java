package io.marchproxy.l3l4.engine.it;

import static java.nio.charset.StandardCharsets.US_ASCII;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.marchproxy.l3l4.engine.testing.Await;
import io.marchproxy.l3l4.engine.testing.CallsRefused.Refusal;
import io.marchproxy.l3l4.engine.testing.ProxyLauncher;
import io.marchproxy.l3l4.engine.testing.ProxyProcess;
import io.marchproxy.l3l4.engine.testing.RequiresProgram;
import io.marchproxy.l3l4.engine.testing.RequiresRoot;
import io.marchproxy.l3l4.engine.testing.UdpBackend;
import java.io.IOException;
import java.net.DatagramPacket;
import java.net.DatagramSocket;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.function.UnaryOperator;
import org.junit.jupiter.api.Test;

/** What the kernel refuses of the fast UDP path costs speed and one clear line, and nothing else. */
class UdpFallbacksIT {
    @Test
    void shouldReadByRecvmmsgWhereLockedMemoryIsTooSmallForBuffers() throws IOException {
        assertServesWithOneLine(
                launcher -> launcher.without(Refusal.RECEIVE_BUFFERS),
                "io_uring takes no receive buffers (registering 512 receive buffers failed: ENOMEM (out of memory));"
                        + " UDP is read by recvmmsg");
    }

    /** As before Linux 6.0. */
    @Test
    void shouldReadByRecvmmsgWhereThereIsNoMultishotReceive() throws IOException {
        assertServesWithOneLine(
                launcher -> launcher.jvmFlag("-Dio.netty.iouring.recvMultiShotEnabled=false"),
                "io_uring takes no receive buffers (it has no multishot receive here, which takes Linux 6.0 or later);"
                        + " UDP is read by recvmmsg");
    }

    @Test
    void shouldSendOneByOneWhereSegmentingIsRefused() throws IOException {
        assertServesWithOneLine(
                launcher -> launcher.without(Refusal.UDP_SEGMENT),
                "UDP_SEGMENT is refused here (ENOPROTOOPT (option or protocol not available));"
                        + " each datagram is sent by itself");
    }

    @Test
    void shouldReceiveOneByOneWhereMergingIsRefused() throws IOException {
        assertServesWithOneLine(
                launcher -> launcher.without(Refusal.UDP_GRO),
                "UDP_GRO is refused here (ENOPROTOOPT (option or protocol not available));"
                        + " each datagram is received by itself");
    }

    /** The limit of locked memory counts for whoever may not exceed it: rings are not to be had at all then. */
    @Test
    @RequiresRoot
    @RequiresProgram("prlimit")
    void shouldServeByEpollWhereNoMemoryMayBeLocked() throws IOException {
        assertServesWithOneLine(
                launcher -> launcher.under("prlimit", "--memlock=0").asNobody(), "io_uring is refused here (");
    }

    private static void assertServesWithOneLine(UnaryOperator<ProxyLauncher> refusal, String line) throws IOException {
        try (UdpBackend backend = UdpBackend.echo();
                ProxyProcess proxy =
                        refusal.apply(ProxyProcess.with(services(backend))).start();
                DatagramSocket client = new DatagramSocket()) {
            client.connect(proxy.udp("udp"));
            client.setSoTimeout(10_000);
            int count = 20;
            for (int i = 0; i < count; i++) {
                byte[] question = ("question " + i % 10).getBytes(US_ASCII);
                client.send(new DatagramPacket(question, question.length));
            }
            for (int i = 0; i < count; i++) {
                DatagramPacket answer = new DatagramPacket(new byte[100], 100);
                client.receive(answer);
                assertArrayEquals(
                        ("question " + i % 10).getBytes(US_ASCII), Arrays.copyOf(answer.getData(), answer.getLength()));
            }
            // Its output comes through a pipe, and may be read later than it serves.
            Await.value(
                    "it is told",
                    Duration.ofSeconds(20),
                    proxy::output,
                    output -> output.contains("ready after") && output.contains(" WARN "));
            List<String> told = proxy.output()
                    .lines()
                    .filter(each -> each.contains(" WARN "))
                    .toList();
            assertEquals(1, told.size(), proxy::output);
            assertTrue(told.getFirst().contains(line), proxy::output);
        }
    }

    private static String services(UdpBackend backend) {
        return """
                engine: { shards: 1 }
                services:
                  - name: udp
                    listen: udp://127.0.0.1:0
                    health: { protocol: none }
                    backends: [ { id: b, address: "127.0.0.1:%d" } ]
                """.formatted(backend.port());
    }
}
