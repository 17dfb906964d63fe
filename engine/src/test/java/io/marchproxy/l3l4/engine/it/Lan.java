package io.marchproxy.l3l4.engine.it;

import io.marchproxy.l3l4.engine.testing.TestNetwork;
import io.marchproxy.l3l4.engine.testing.WireTap;
import io.marchproxy.l3l4.engine.testing.WireTap.Packet;
import java.io.IOException;
import java.net.DatagramPacket;
import java.net.DatagramSocket;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.List;

/** A client, the proxy and its backends, each in a namespace of its own. */
final class Lan implements AutoCloseable {
    /** Without what IPv6 says of its neighbours. */
    private static final String FILTER = "(tcp or udp) and (net 10.77.0.0/16 or net fd77::/16)";

    final TestNetwork clients = TestNetwork.create();
    final TestNetwork proxy = TestNetwork.create();
    final TestNetwork backends = TestNetwork.create();

    Lan() {
        proxy.veth("toclients", clients, "c0").veth("tobackends", backends, "b0");
        clients.configure("c0", "10.77.1.2/24", "10.77.1.3/24", "fd77:1::2/64");
        proxy.configure("toclients", "10.77.1.1/24", "fd77:1::1/64");
        proxy.configure("tobackends", "10.77.2.1/24", "fd77:2::1/64");
        backends.configure("b0", "10.77.2.2/24", "fd77:2::2/64");
        WireTap.withoutOffload(clients, "c0");
        WireTap.withoutOffload(proxy, "toclients");
        WireTap.withoutOffload(proxy, "tobackends");
        WireTap.withoutOffload(backends, "b0");
    }

    WireTap tap(Path file) {
        return WireTap.on(proxy, file, FILTER, new InetSocketAddress("10.77.1.2", 9));
    }

    DatagramSocket client(String address) throws Exception {
        return clients.inside(() -> {
            DatagramSocket socket = new DatagramSocket(new InetSocketAddress(address, 0));
            socket.setReceiveBufferSize(4 << 20);
            socket.setSoTimeout(10_000);
            return socket;
        });
    }

    /** Answers each datagram with itself, by the code point and ECN field that its text ends with. */
    DatagramSocket answering(String address, int port) throws Exception {
        DatagramSocket socket = backends.inside(() -> new DatagramSocket(new InetSocketAddress(address, port)));
        socket.setReceiveBufferSize(4 << 20);
        Thread.ofPlatform().daemon().start(() -> answer(socket));
        return socket;
    }

    private static void answer(DatagramSocket socket) {
        DatagramPacket packet = new DatagramPacket(new byte[2_000], 2_000);
        try {
            while (!socket.isClosed()) {
                packet.setLength(2_000);
                socket.receive(packet);
                String text = new String(packet.getData(), 0, packet.getLength(), StandardCharsets.US_ASCII);
                socket.setTrafficClass(
                        Integer.parseInt(text.strip().substring(text.strip().lastIndexOf(' ') + 1)));
                socket.send(packet);
            }
        } catch (IOException e) {
            // The test has ended.
        }
    }

    @Override
    public void close() {
        clients.close();
        proxy.close();
        backends.close();
    }

    /** Whether the proxy has sent it. */
    static boolean isOfProxy(Packet packet) {
        return List.of("10.77.1.1", "10.77.2.1", "fd77:1::1", "fd77:2::1").contains(packet.from());
    }

    /** Whether it goes to a backend. */
    static boolean isToBackends(Packet packet) {
        return packet.to().equals("10.77.2.2") || packet.to().equals("fd77:2::2");
    }
}
