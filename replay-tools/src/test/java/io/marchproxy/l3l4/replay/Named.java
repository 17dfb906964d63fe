package io.marchproxy.l3l4.replay;

import java.io.IOException;
import java.net.DatagramPacket;
import java.net.DatagramSocket;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.nio.charset.StandardCharsets;

/** A UDP backend that answers everything with its name, which is its port. */
final class Named implements AutoCloseable {
    private final DatagramSocket socket;

    Named() throws IOException {
        socket = new DatagramSocket((SocketAddress) new InetSocketAddress(InetAddress.getLoopbackAddress(), 0));
        Thread.ofPlatform().daemon().start(this::answer);
    }

    int port() {
        return socket.getLocalPort();
    }

    private void answer() {
        byte[] name = Integer.toString(port()).getBytes(StandardCharsets.UTF_8);
        DatagramPacket packet = new DatagramPacket(new byte[2048], 2048);
        while (!socket.isClosed()) {
            try {
                socket.receive(packet);
                socket.send(new DatagramPacket(name, name.length, packet.getSocketAddress()));
            } catch (IOException e) {
                // Closed, or a client's proxy is gone.
            }
        }
    }

    @Override
    public void close() {
        socket.close();
    }
}
