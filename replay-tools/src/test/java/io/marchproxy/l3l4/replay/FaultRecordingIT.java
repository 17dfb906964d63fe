package io.marchproxy.l3l4.replay;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.DatagramPacket;
import java.net.DatagramSocket;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.net.SocketTimeoutException;
import java.nio.file.Path;
import java.util.concurrent.atomic.AtomicBoolean;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** A backend that stops answering is told by its traffic; what follows from that is decided again as it was. */
@Timeout(120)
class FaultRecordingIT {
    @TempDir
    Path data;

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

    private static boolean echoes(DatagramSocket client) {
        DatagramPacket packet = new DatagramPacket(new byte[] {1, 2, 3}, 3);
        try {
            client.send(packet);
            client.receive(packet);
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
