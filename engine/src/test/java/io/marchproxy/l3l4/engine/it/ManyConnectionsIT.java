package io.marchproxy.l3l4.engine.it;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.marchproxy.l3l4.engine.testing.Await;
import io.marchproxy.l3l4.engine.testing.EchoProgram;
import io.marchproxy.l3l4.engine.testing.ProxyProcess;
import io.marchproxy.l3l4.engine.testing.RealProgram;
import io.marchproxy.l3l4.engine.testing.RequiresProgram;
import io.marchproxy.l3l4.engine.testing.Together;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.SocketChannel;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestReporter;

/** Ten thousand connections, held at once, each alive. */
class ManyConnectionsIT {

    private static final int WANTED = 10_000;

    /** Descriptors that the proxy needs for anything but the connections, such as the pipes that bulk is spliced through. */
    private static final int RESERVE = 400;

    /** A limit of file descriptors that carries them. */
    private static final int ENOUGH = 20_700;

    private static final Duration PATIENCE = Duration.ofSeconds(60);

    @Test
    @RequiresProgram("prlimit")
    void shouldHoldTenThousandConnectionsAndEchoOnEach(TestReporter reporter) throws Exception {
        long limit = descriptorLimit();
        // Each costs the proxy two descriptors, and it keeps at most 256 back for all but TCP
        // (DescriptorBudget).
        int count = (int) Math.min(WANTED, (limit - 256 - RESERVE) / 2);
        if (count < WANTED) {
            reporter.publishEntry(
                    "held " + count + " connections instead of " + WANTED,
                    "the limit of file descriptors is " + limit + "; it takes " + ENOUGH
                            + ", and raising it takes CAP_SYS_RESOURCE, which this machine does not give");
        }
        assertTrue(count >= 9_000, () -> "ulimit -Hn is " + limit + ": too few descriptors to show anything");
        List<SocketChannel> clients = new ArrayList<>();
        try (EchoProgram echo = EchoProgram.start();
                ProxyProcess proxy = ProxyProcess.with(relay(echo.port()))
                        .under("prlimit", "--nofile=" + limit + ":" + limit)
                        .start()) {
            InetSocketAddress address = proxy.tcp("relay");
            try {
                for (int i = 0; i < count; i++) {
                    clients.add(SocketChannel.open(address));
                }
                Await.value(
                        "all are held",
                        PATIENCE,
                        () -> proxy.status().connections("relay"),
                        held -> held == clients.size());
                // With a deadline, for an echo that does not come would be waited for without end.
                Together.run(1, PATIENCE, _ -> {
                    echoOnEach(clients);
                    echoOnEach(clients);
                });
                assertEquals(count, proxy.status().connections("relay"));
            } finally {
                for (SocketChannel client : clients) {
                    client.close();
                }
            }
        }
    }

    /** Sends on all first and reads from all afterwards, so that all are under way at once. */
    private static void echoOnEach(List<SocketChannel> clients) throws IOException {
        ByteBuffer message = ByteBuffer.allocateDirect(64);
        for (int i = 0; i < clients.size(); i++) {
            clients.get(i).write(message(message, i));
        }
        ByteBuffer expected = ByteBuffer.allocateDirect(64);
        for (int i = 0; i < clients.size(); i++) {
            message.clear();
            while (message.hasRemaining() && clients.get(i).read(message) >= 0) {
                // A stream may come in pieces.
            }
            assertEquals(message(expected, i), message.flip(), "echo of connection " + i);
        }
    }

    private static ByteBuffer message(ByteBuffer buffer, int number) {
        buffer.clear();
        while (buffer.hasRemaining()) {
            buffer.putLong(number * 31L + buffer.position());
        }
        return buffer.flip();
    }

    /** The hard limit, raised for a child if this process may do so. */
    private static long descriptorLimit() {
        boolean raisable = RealProgram.of("prlimit", "--nofile=" + ENOUGH + ":" + ENOUGH, "true")
                        .run()
                        .exitCode()
                == 0;
        String hard =
                RealProgram.of("bash", "-c", "ulimit -Hn").runOrFail().out().strip();
        long present = hard.equals("unlimited") ? 1 << 20 : Long.parseLong(hard);
        return raisable ? Math.max(present, ENOUGH) : present;
    }

    private static String relay(int backendPort) {
        return """
                engine: { shards: 1 }
                services:
                  - name: relay
                    listen: tcp://127.0.0.1:0
                    max-connections: 20000
                    idle-timeout: 5m
                    backlog: 4096
                    backends: [ { id: b, address: "127.0.0.1:%d" } ]
                """.formatted(backendPort);
    }
}
