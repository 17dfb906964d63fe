package io.marchproxy.l3l4.engine.tcp;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.marchproxy.l3l4.engine.testing.Await;
import io.marchproxy.l3l4.engine.transport.TransportKind;
import java.io.BufferedReader;
import java.io.IOException;
import java.net.InetAddress;
import java.net.Socket;
import java.net.SocketTimeoutException;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import java.util.stream.Stream;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** A relay that runs out of file descriptors, which takes a process of its own. */
@Timeout(90)
class AcceptPauseTest {
    private static final int DESCRIPTORS = 200;
    private static final int WAITING_CLIENTS = 5;

    static Stream<TransportKind> transports() {
        return Placed.transports().map(Placed::transport);
    }

    @ParameterizedTest
    @MethodSource("transports")
    void shouldPauseAcceptingWhileThereIsNoDescriptorAndGoOnWhenThereIs(TransportKind transport) throws Exception {
        try (TestBackend backend = new TestBackend(TestBackend::echo);
                Starved relay = new Starved(transport, backend.port());
                Socket established = relay.connect()) {
            assertEquals(1, echoed(established, 1));
            relay.ask("take");
            Socket[] waiting = new Socket[WAITING_CLIENTS];
            for (int i = 0; i < waiting.length; i++) {
                waiting[i] = relay.connect();
                waiting[i].getOutputStream().write(i);
            }
            Await.value("pauses", TcpRig.PATIENCE, () -> relay.ask("pauses"), pauses -> pauses == 1);
            long cpuBefore = relay.ask("cpu");
            long begin = System.nanoTime();
            waiting[0].setSoTimeout(1_000);
            org.junit.jupiter.api.Assertions.assertThrows(
                    SocketTimeoutException.class,
                    () -> waiting[0].getInputStream().read());
            long busy = relay.ask("cpu") - cpuBefore;
            long stretch = System.nanoTime() - begin;
            assertTrue(busy < stretch / 4, () -> "busy for " + busy + " of " + stretch + " ns");
            assertEquals(2, echoed(established, 2), "connections that stand live on");
            assertEquals(1, relay.ask("live"));
            relay.ask("give");
            for (int i = 0; i < waiting.length; i++) {
                waiting[i].setSoTimeout((int) TcpRig.PATIENCE.toMillis());
                assertEquals(i, waiting[i].getInputStream().read());
                waiting[i].close();
            }
            assertEquals(1, relay.ask("pauses"), "one episode");
        }
    }

    private static int echoed(Socket client, int octet) throws IOException {
        client.getOutputStream().write(octet);
        return client.getInputStream().read();
    }

    /** The process, and its end of the conversation. */
    private static final class Starved implements AutoCloseable {
        private final Process process;
        private final BufferedReader answers;
        private final int port;

        Starved(TransportKind transport, int backendPort) throws IOException {
            Path root = Path.of(System.getProperty("project.root"));
            List<String> java = List.of(
                    Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                    "-Xmx128m",
                    "-XX:+UseSerialGC",
                    "@" + root.resolve("bin/jvm.flags"),
                    "-cp",
                    System.getProperty("java.class.path"),
                    StarvedRelay.class.getName(),
                    transport.name(),
                    Integer.toString(backendPort));
            List<String> command = Stream.concat(
                            Stream.of("sh", "-c", "ulimit -n " + DESCRIPTORS + " && exec \"$@\"", "sh"), java.stream())
                    .toList();
            process = new ProcessBuilder(command)
                    .redirectError(ProcessBuilder.Redirect.INHERIT)
                    .start();
            answers = process.inputReader();
            port = (int) next();
        }

        Socket connect() throws IOException {
            Socket client = new Socket(InetAddress.getLoopbackAddress(), port);
            client.setSoTimeout((int) TcpRig.PATIENCE.toMillis());
            return client;
        }

        long ask(String command) throws IOException {
            process.outputWriter().write(command + "\n");
            process.outputWriter().flush();
            return next();
        }

        private long next() throws IOException {
            for (String line = answers.readLine(); line != null; line = answers.readLine()) {
                if (line.startsWith("answer ")) {
                    return Long.parseLong(line.substring("answer ".length()));
                }
            }
            throw new IOException("the relay has ended");
        }

        @Override
        public void close() throws IOException {
            process.outputWriter().close();
            long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(10);
            while (process.isAlive() && System.nanoTime() < deadline) {
                LockSupport.parkNanos(TimeUnit.MILLISECONDS.toNanos(10));
            }
            process.destroyForcibly();
        }
    }
}
