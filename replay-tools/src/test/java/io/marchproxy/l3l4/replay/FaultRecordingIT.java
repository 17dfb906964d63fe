package io.marchproxy.l3l4.replay;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.DatagramPacket;
import java.net.DatagramSocket;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.net.SocketTimeoutException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Backends fail in all ways, and are told by probes and traffic; what follows from that is decided again as it was. */
@Timeout(120)
class FaultRecordingIT {
    private static final int SCENE_SECONDS = 300;

    @TempDir
    Path data;

    private int asks;

    @Test
    void shouldDecideAgainWhatFollowedFromASilenceAndFromMeasurements() throws Exception {
        int port = RealProxy.freePort();
        AtomicBoolean mute = new AtomicBoolean();
        try (DatagramSocket stopping = new DatagramSocket(0, InetAddress.getLoopbackAddress());
                Echo other = new Echo(0);
                RealProxy proxy = new RealProxy(data, configuration(port, stopping.getLocalPort(), other.port()));
                DatagramSocket client = new DatagramSocket()) {
            Thread.ofPlatform().daemon().start(() -> echo(stopping, mute));
            client.connect(new InetSocketAddress(InetAddress.getLoopbackAddress(), port));
            client.setSoTimeout(20);
            int answered = 0;
            while (answered < 40) {
                answered += echoes(client) ? 1 : 0;
            }
            mute.set(true);
            Recording.await("it is told", () -> {
                boolean echoed = echoes(client);
                return proxy.log().contains("no answer to traffic for") && echoed;
            });
            try (Socket connection = new Socket(InetAddress.getLoopbackAddress(), port)) {
                connection.getOutputStream().write(7);
                assertEquals(7, connection.getInputStream().read());
            }
            proxy.stop();
        }

        Tools.Outcome verified = Tools.run("verify", data);

        assertEquals(0, verified.exitCode(), verified::toString);
        String stats = Tools.run("stats", data).out();
        assertTrue(stats.contains("events    health"), stats);
        assertTrue(stats.contains("events    measured"), stats);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "mode: run-to-completion, shards: 2",
                "mode: pipelined, shards: 1",
            })
    void shouldDecideAgainWhateverFails(String engine) throws Exception {
        RealTools.requireNetwork(List.of("unshare", "ip", "nft"));
        Path log = data.resolve("scene.log");
        Process scene = new ProcessBuilder(List.of(
                        "unshare",
                        "--net",
                        "bash",
                        "-c",
                        "ip link set lo up && nft 'add table inet faults; "
                                + "add chain inet faults in { type filter hook input priority 0; }' && exec \"$@\"",
                        "scene",
                        Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                        "-Dproject.root=" + System.getProperty("project.root"),
                        "-Djava.net.preferIPv4Stack=true",
                        "-cp",
                        System.getProperty("java.class.path"),
                        FaultScene.class.getName(),
                        data.toString(),
                        engine))
                .redirectErrorStream(true)
                .redirectOutput(log.toFile())
                .start();
        try {
            assertTrue(scene.waitFor(SCENE_SECONDS, TimeUnit.SECONDS), () -> told(log));
            assertEquals(0, scene.exitValue(), () -> told(log));
        } finally {
            scene.descendants().forEach(ProcessHandle::destroyForcibly);
            scene.destroyForcibly();
        }

        Tools.Outcome verified = Tools.run("verify", data);

        assertEquals(0, verified.exitCode(), () -> verified + told(log));
        assertFalse(verified.out().contains("are missing"), verified.out());
        String stats = Tools.run("stats", data).out();
        System.out.print(engine + "\n" + verified.out() + stats);
        for (String what : List.of(
                "events    connect-failed",
                "events    reset",
                "events    health",
                "events    measured",
                "events    connected")) {
            assertTrue(stats.contains(what), () -> what + " is missing in\n" + stats);
        }
        assertDiffers();
    }

    /** What another algorithm and another price would have changed. */
    private void assertDiffers() throws IOException {
        Path candidate = Files.writeString(data.resolve("candidate.yaml"), FaultScene.candidate(data));
        Tools.Outcome diff = Tools.run("diff", data, "--config", candidate, "--format", "json");
        assertEquals(0, diff.exitCode(), diff::toString);
        JsonNode report = new ObjectMapper().readTree(diff.out());
        double saved = 0;
        for (JsonNode provider : report.get("providers")) {
            if (provider.path("name").asText().equals("gcp")) {
                saved += provider.at("/before/cost").asDouble()
                        - provider.at("/after/cost").asDouble();
            }
        }
        assertTrue(saved > 0, "a third of the price: " + report.get("providers"));
        long rerouted = 0;
        for (JsonNode change : report.get("changes")) {
            if (change.path("what").asText().equals("route")) {
                String before = change.path("before").asText();
                assertTrue(
                        before.startsWith("sticky") || before.startsWith("cost") || before.startsWith("weighted"),
                        "whose algorithm stays, and looks at no price, stays: " + change);
                rerouted += change.path("decisions").asLong();
            }
        }
        assertTrue(rerouted > 0, report::toString);
    }

    private String told(Path log) {
        try {
            Path proxy = data.resolve("proxy.log");
            return Files.readString(log) + (Files.exists(proxy) ? Files.readString(proxy) : "");
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /**
     * Whether a datagram is answered before the next is sent. Answers to former ones are passed over: a burst of them after a slow start
     * is one answer to whoever counts what a backend answers as a rule.
     */
    private boolean echoes(DatagramSocket client) {
        byte[] asked = ByteBuffer.allocate(Integer.BYTES).putInt(++asks).array();
        DatagramPacket packet = new DatagramPacket(new byte[Integer.BYTES], Integer.BYTES);
        try {
            client.send(new DatagramPacket(asked, asked.length));
            do {
                client.receive(packet);
            } while (!Arrays.equals(asked, packet.getData()));
            return true;
        } catch (SocketTimeoutException _) {
            return false;
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static void echo(DatagramSocket socket, AtomicBoolean mute) {
        try {
            DatagramPacket packet = new DatagramPacket(new byte[64], 64);
            while (true) {
                socket.receive(packet);
                if (!mute.get()) {
                    socket.send(packet);
                }
            }
        } catch (IOException _) {
            // Closed at the end of the test.
        }
    }

    private static String configuration(int port, int stopping, int other) {
        return """
                engine: { shards: 1, max-flows: 10000, journal: { mode: packets } }
                services:
                  - name: both
                    listen: [ "udp://127.0.0.1:%1$d", "tcp://127.0.0.1:%1$d" ]
                    backends:
                      - { id: stopping, address: "127.0.0.1:%2$d" }
                      - { id: other, address: "127.0.0.1:%3$d" }
                """.formatted(port, stopping, other);
    }
}
