package io.marchproxy.l3l4.engine.it;

import static org.junit.jupiter.api.Assertions.assertTrue;

import io.marchproxy.l3l4.engine.testing.Await;
import io.marchproxy.l3l4.engine.testing.ProxyProcess;
import io.marchproxy.l3l4.engine.testing.RequiresNetNs;
import io.marchproxy.l3l4.engine.testing.TestNetwork;
import java.io.IOException;
import java.net.DatagramPacket;
import java.net.DatagramSocket;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import org.junit.jupiter.api.Test;

/** A name server that takes questions and never answers one. */
class DeadNameServerIT {
    private static final Duration LIMIT = Duration.ofSeconds(40);
    private static final Path FOLDERS = Path.of("/etc/netns");

    @Test
    @RequiresNetNs
    void shouldBoundAReloadInTimeAndEndAtOnceWhenToldToMeanwhile() throws Exception {
        try (TestNetwork network = TestNetwork.create();
                Resolving resolving = new Resolving(network);
                ProxyProcess proxy =
                        ProxyProcess.with(relay("127.0.0.1")).in(network).start()) {
            proxy.writeConfig(relay("a.silent.example") + more("b.silent.example"));
            long begin = System.nanoTime();
            proxy.signal("HUP");
            Await.value("the reload is refused", LIMIT, () -> proxy.status().reloadsRefused(), count -> count > 0);
            long tookMs = (System.nanoTime() - begin) / 1_000_000;
            assertTrue(tookMs < 9_000, () -> "one after the other the two names would take 10 s: " + tookMs);
            Await.until(
                    "the name is told",
                    LIMIT,
                    () -> proxy.output().contains("host name a.silent.example was not resolved within 5 s"));

            proxy.writeConfig(relay("c.silent.example"));
            proxy.signal("HUP");
            resolving.awaitQuestion("c");
            long stopped = System.nanoTime();
            proxy.terminate();
            long stopMs = (System.nanoTime() - stopped) / 1_000_000;
            assertTrue(stopMs < 3_500, () -> "it waited for the name server first: " + stopMs + " ms");
        }
    }

    private static String relay(String backend) {
        return """
                services:
                  - name: one
                    listen: tcp://127.0.0.1:0
                    backends: [ { id: b, address: "%s:9" } ]
                """.formatted(backend);
    }

    private static String more(String backend) {
        return relay(backend).replace("services:\n", "").replace("name: one", "name: two");
    }

    /** The name server, and the namespace's file that names it. */
    private static final class Resolving implements AutoCloseable {
        private static final int MOST_BYTES = 512;

        private final Path folder;
        private final DatagramSocket server;

        Resolving(TestNetwork network) throws Exception {
            folder = Files.createDirectories(FOLDERS.resolve(network.name()));
            Files.writeString(folder.resolve("resolv.conf"), "nameserver 127.0.0.1\noptions timeout:10 attempts:3\n");
            server = network.inside(
                    () -> new DatagramSocket(new InetSocketAddress(InetAddress.ofLiteral("127.0.0.1"), 53)));
        }

        /** Waits for a question about a name of this first part; the resolver may be asking about former ones again. */
        void awaitQuestion(String first) throws IOException {
            server.setSoTimeout((int) LIMIT.toMillis());
            String labels = (char) first.length() + first + (char) 6 + "silent";
            DatagramPacket question = new DatagramPacket(new byte[MOST_BYTES], MOST_BYTES);
            do {
                question.setLength(MOST_BYTES);
                server.receive(question);
            } while (!new String(question.getData(), 0, question.getLength(), StandardCharsets.ISO_8859_1)
                    .contains(labels));
        }

        @Override
        public void close() throws IOException {
            server.close();
            Files.deleteIfExists(folder.resolve("resolv.conf"));
            Files.deleteIfExists(folder);
        }
    }
}
