package io.marchproxy.l3l4.engine.it;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.marchproxy.l3l4.engine.testing.Await;
import io.marchproxy.l3l4.engine.testing.Ports;
import io.marchproxy.l3l4.engine.testing.ProxyProcess;
import io.marchproxy.l3l4.engine.testing.RealProgram;
import io.marchproxy.l3l4.engine.testing.RequiresNetNs;
import io.marchproxy.l3l4.engine.testing.RequiresProgram;
import io.marchproxy.l3l4.engine.testing.TcpBackend;
import io.marchproxy.l3l4.engine.testing.TestNetwork;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.net.SocketTimeoutException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.locks.LockSupport;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Clients that vanish or stay silent, and a process that runs out of descriptors. */
class BadDaysIT {

    private static final Duration PATIENCE = Duration.ofSeconds(20);

    @ParameterizedTest
    @ValueSource(strings = {"io_uring", "epoll", "nio"})
    @RequiresProgram("prlimit")
    void shouldPauseAcceptingWithoutSpinningWhenDescriptorsRunOut(String transport) throws Exception {
        int clients = 200;
        List<Socket> sockets = new ArrayList<>();
        try (TcpBackend backend = TcpBackend.echo();
                ProxyProcess proxy = ProxyProcess.with(
                                "engine: { shards: 1, transport: " + transport + " }\n" + relay(backend.port(), ""))
                        .under("prlimit", "--nofile=256:256")
                        .start()) {
            var address = proxy.tcp("relay");
            try {
                for (int i = 0; i < clients; i++) {
                    Socket client = new Socket();
                    client.setSoTimeout(10_000);
                    client.connect(address, 5_000);
                    client.getOutputStream().write(i);
                    sockets.add(client);
                }
                Await.until(
                        "accepting pauses", PATIENCE, () -> proxy.output().contains("accepting connections pauses"));
                List<Socket> served = new ArrayList<>();
                List<Socket> waiting = new ArrayList<>();
                assertEquals(0, sort(sockets, served, waiting), "nobody is cut");
                assertTrue(served.size() > 30 && served.size() < clients, () -> served.size() + " are served");

                assertLiveWithoutSpinning(proxy, served);

                closeAll(served);
                for (Socket client : waiting) {
                    assertTrue(isServed(client), "who waited is served when others have left");
                    client.close();
                }
                assertEquals(0, proxy.status().dropped("relay", "connect-failed"));
                try (Socket another = new Socket()) {
                    another.setSoTimeout(10_000);
                    another.connect(address, 5_000);
                    assertTrue(answers(another), "recovered");
                }
            } finally {
                closeAll(sockets);
            }
            assertEquals(0, proxy.status().unexpectedErrors());
        }
    }

    /** Tells who is served at once from who still waits; returns how many are neither: cut, for want of a descriptor. */
    private static int sort(List<Socket> sockets, List<Socket> served, List<Socket> waiting) throws IOException {
        int cut = 0;
        for (Socket client : sockets) {
            // Whoever is served was served before descriptors ran out: short patience suffices then.
            client.setSoTimeout(served.isEmpty() ? 5_000 : 20);
            try {
                if (isServed(client)) {
                    served.add(client);
                } else {
                    cut++;
                }
            } catch (SocketTimeoutException notYet) {
                waiting.add(client);
            }
            client.setSoTimeout(10_000);
        }
        return cut;
    }

    private static boolean isServed(Socket client) throws SocketTimeoutException {
        try {
            return client.getInputStream().read() >= 0;
        } catch (SocketTimeoutException notYet) {
            throw notYet;
        } catch (IOException reset) {
            return false;
        }
    }

    /**
     * A second of asking each connection in turn must cost the proxy far less than a second of CPU: once the JIT compiler,
     * which takes its time on a slow machine, has settled. A loop that spins never would.
     */
    private static void assertLiveWithoutSpinning(ProxyProcess proxy, List<Socket> served) {
        Await.value(
                "CPU time used within a second",
                PATIENCE,
                () -> usedWithinASecond(proxy, served),
                used -> used.toMillis() < 500);
    }

    private static Duration usedWithinASecond(ProxyProcess proxy, List<Socket> served) throws IOException {
        Duration windowCpu = proxy.stats().cpuTime();
        long started = System.nanoTime();
        int asked = 0;
        while (System.nanoTime() - started < Duration.ofSeconds(1).toNanos()) {
            Socket client = served.get(asked++ % served.size());
            client.getOutputStream().write(asked);
            assertEquals(asked & 0xff, client.getInputStream().read(), "existing connections live");
            // A modest pace: the load itself must not be what costs.
            LockSupport.parkNanos(5_000_000);
        }
        return proxy.stats().cpuTime().minus(windowCpu);
    }

    @Test
    @RequiresNetNs
    @RequiresProgram("nft")
    void shouldForgetClientsThatVanishWithoutAWord() throws Exception {
        int port = Ports.free();
        try (TestNetwork network = TestNetwork.create();
                TcpBackend backend = network.inside(TcpBackend::echo);
                ProxyProcess proxy = ProxyProcess.with(
                                relay(backend.port(), "idle-timeout: 3s").replace("127.0.0.1:0", "127.0.0.1:" + port))
                        .in(network)
                        .start()) {
            List<Socket> clients = new ArrayList<>();
            for (int i = 0; i < 20; i++) {
                Socket client = network.connect("127.0.0.1", port);
                clients.add(client);
                client.getOutputStream().write(i);
                assertEquals(i, client.getInputStream().read());
            }
            RealProgram.of(
                            "nft",
                            "add table inet t; add chain inet t in { type filter hook input priority 0; };"
                                    + " add rule inet t in tcp dport " + port + " drop;"
                                    + " add rule inet t in tcp sport " + port + " drop")
                    .in(network)
                    .runOrFail();

            Await.value("forgotten", PATIENCE, () -> proxy.status().connections("relay"), count -> count == 0);
            Await.until("the backend sees their end", PATIENCE, () -> backend.live() == 0);
            closeAll(clients);
        }
    }

    @Test
    void shouldRefuseConnectionsBeyondTheServicesCapAndCountThem() throws Exception {
        List<Socket> sockets = new ArrayList<>();
        try (TcpBackend backend = TcpBackend.echo();
                ProxyProcess proxy = ProxyProcess.with(relay(backend.port(), "max-connections: 10"))
                        .start()) {
            try {
                int served = 0;
                for (int i = 0; i < 15; i++) {
                    Socket client = new Socket();
                    sockets.add(client);
                    served += connects(client, proxy.tcp("relay")) && answers(client) ? 1 : 0;
                }
                assertEquals(10, served);
                Await.value(
                        "all others are counted",
                        PATIENCE,
                        () -> proxy.status().dropped("relay", "connection-cap"),
                        dropped -> dropped == 5);
            } finally {
                closeAll(sockets);
            }
        }
    }

    /** A reset may come so soon that connecting itself fails. */
    private static boolean connects(Socket client, InetSocketAddress address) {
        try {
            client.setSoTimeout(10_000);
            client.connect(address, 5_000);
            return true;
        } catch (IOException reset) {
            return false;
        }
    }

    private static boolean answers(Socket client) {
        try {
            client.getOutputStream().write(1);
            return client.getInputStream().read() == 1;
        } catch (IOException reset) {
            return false;
        }
    }

    private static void closeAll(List<Socket> sockets) throws IOException {
        for (Socket socket : sockets) {
            socket.close();
        }
    }

    private static String relay(int backendPort, String more) {
        return """
                services:
                  - name: relay
                    listen: tcp://127.0.0.1:0
                    backends: [ { id: b, address: "127.0.0.1:%d" } ]
                    %s
                """.formatted(backendPort, more);
    }
}
