package io.marchproxy.l3l4.bench.peers.load;

import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.util.Map;
import java.util.concurrent.TimeUnit;

/** The backend of wrk, as one sees it through a proxy. */
final class WebServer {
    private static final byte[] REQUEST = "GET / HTTP/1.0\r\n\r\n".getBytes(StandardCharsets.US_ASCII);
    private static final int PATIENCE_MS = 2_000;
    private static final long TURN_MS = 20;
    private static final long DEADLINE_NS = TimeUnit.SECONDS.toNanos(60);

    private WebServer() {}

    /** Waits until the answer comes through, a minute at the most. */
    static Map<String, Double> await(int port) throws IOException, InterruptedException {
        long startNs = System.nanoTime();
        while (!answers(port)) {
            if (System.nanoTime() - startNs > DEADLINE_NS) {
                throw new IOException("nothing answers on port " + port);
            }
            TimeUnit.MILLISECONDS.sleep(TURN_MS);
        }
        return Map.of();
    }

    private static boolean answers(int port) {
        try (Socket socket = new Socket()) {
            socket.connect(new InetSocketAddress(InetAddress.getLoopbackAddress(), port), PATIENCE_MS);
            socket.setSoTimeout(PATIENCE_MS);
            socket.getOutputStream().write(REQUEST);
            String answer = new String(socket.getInputStream().readAllBytes(), StandardCharsets.US_ASCII);
            return answer.startsWith("HTTP/1.1 200");
        } catch (IOException e) {
            return false;
        }
    }
}
