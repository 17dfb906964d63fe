package io.marchproxy.l3l4.replay;

import static org.junit.jupiter.api.Assertions.assertTrue;

import io.marchproxy.l3l4.config.ConfigLoader;
import io.marchproxy.l3l4.config.ConfigResult;
import io.marchproxy.l3l4.config.source.Overrides;
import io.marchproxy.l3l4.engine.ProxyService;
import io.marchproxy.l3l4.engine.status.StatusReport;
import java.net.DatagramPacket;
import java.net.DatagramSocket;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;

/** Traffic whose clients know to the byte what they sent and got: nothing of it is lost, refused or reset. */
public final class Traffic implements AutoCloseable {
    private static final int SOCKETS = 8;
    private static final int PATIENCE_MS = 20_000;
    private static final int MOST_BYTES = 40_000;

    /**
     * What one client sent, each byte of which came back.
     *
     * @param port of the client
     */
    public record Client(String protocol, int port, long packets, long bytes) {}

    private final Echo tcp = new Echo(0);
    private final Echo udp = new Echo(0);
    private final ProxyService proxy;

    /**
     * A service named web (TCP, class P1) and dns (UDP, class P0), each in front of a backend that sends back what it gets.
     *
     * @param engine the engine section's content
     * @param more lines of the configuration
     */
    public Traffic(Path data, String engine, String more) throws Exception {
        Path file = Files.writeString(
                data.resolve("proxy.yaml"), """
                data-dir: %s
                admin: { port: 0 }
                engine: { %s }
                %s
                services:
                  - name: web
                    listen: tcp://127.0.0.1:0
                    class: P1
                    backends: [ { id: a, address: "127.0.0.1:%d", provider: aws, region: us-east-1 } ]
                  - name: dns
                    listen: udp://127.0.0.1:0
                    class: P0
                    backends: [ { id: b, address: "127.0.0.1:%d", provider: gcp, region: europe-west4 } ]
                """.formatted(data, engine, more, tcp.port(), udp.port()));
        ConfigResult result = ConfigLoader.load(file, Map.of(), Overrides.none());
        assertTrue(result.faults().isEmpty(), () -> result.faults().toString());
        proxy = ProxyService.start(result.settings().orElseThrow());
    }

    /** Sends so many datagrams, and a connection for every hundredth; answers what each client sent. */
    public List<Client> send(int datagrams) throws Exception {
        InetSocketAddress web = proxy.listening("web").getFirst();
        InetSocketAddress dns = proxy.listening("dns").getFirst();
        SplittableRandom random = new SplittableRandom(21);
        List<Client> clients = new ArrayList<>();
        for (int i = 0; i < datagrams / 100; i++) {
            clients.add(exchange(web, 1 + random.nextInt(MOST_BYTES)));
        }
        for (int i = 0; i < SOCKETS; i++) {
            clients.add(datagrams(dns, datagrams / SOCKETS, random));
        }
        return clients;
    }

    private static Client exchange(InetSocketAddress to, int length) throws Exception {
        try (Socket socket = new Socket()) {
            socket.setSoTimeout(PATIENCE_MS);
            socket.connect(to, PATIENCE_MS);
            int port = socket.getLocalPort();
            socket.getOutputStream().write(new byte[length]);
            socket.shutdownOutput();
            int back = socket.getInputStream().readAllBytes().length;
            assertTrue(back == length, () -> back + " bytes of " + length + " came back");
            return new Client("tcp", port, 0, length);
        }
    }

    private static Client datagrams(InetSocketAddress to, int count, SplittableRandom random) throws Exception {
        long bytes = 0;
        try (DatagramSocket socket = new DatagramSocket(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0))) {
            socket.setSoTimeout(PATIENCE_MS);
            DatagramPacket answer = new DatagramPacket(new byte[2048], 2048);
            for (int i = 0; i < count; i++) {
                byte[] payload = new byte[random.nextInt(1200)];
                socket.send(new DatagramPacket(payload, payload.length, to));
                socket.receive(answer);
                bytes += payload.length;
            }
            return new Client("udp", socket.getLocalPort(), count, bytes);
        }
    }

    /** The status once every TCP connection has ended and nothing is held. */
    public StatusReport settled() {
        Recording.await(
                "all connections have ended",
                () -> proxy.status().services().stream()
                        .allMatch(service -> service.protocol().equals("udp") || service.connections() == 0));
        return proxy.status();
    }

    @Override
    public void close() {
        proxy.close();
        tcp.close();
        udp.close();
    }
}
