package io.marchproxy.l3l4.engine.testing;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.DatagramPacket;
import java.net.DatagramSocket;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.util.concurrent.atomic.AtomicLong;

/** A UDP server that answers each datagram as often as told; its own thread. */
public final class UdpBackend implements AutoCloseable {

    private final DatagramSocket socket;
    private final int replies;
    private final AtomicLong received = new AtomicLong();

    private UdpBackend(DatagramSocket socket, int replies) {
        this.socket = socket;
        this.replies = replies;
        Thread.ofPlatform()
                .daemon()
                .name("udp-backend-" + socket.getLocalPort())
                .start(this::serve);
    }

    /** Echoes on 127.0.0.1. */
    public static UdpBackend echo() {
        return answering(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 1);
    }

    /** Sends each datagram back {@code replies} times; 0 swallows. */
    public static UdpBackend answering(InetSocketAddress address, int replies) {
        try {
            DatagramSocket socket = new DatagramSocket(address);
            socket.setReceiveBufferSize(4 << 20);
            socket.setSendBufferSize(1 << 20);
            return new UdpBackend(socket, replies);
        } catch (IOException e) {
            throw new UncheckedIOException("cannot bind " + address, e);
        }
    }

    private void serve() {
        DatagramPacket packet = new DatagramPacket(new byte[65_536], 65_536);
        while (!socket.isClosed()) {
            try {
                packet.setLength(65_536);
                socket.receive(packet);
                received.incrementAndGet();
                for (int i = 0; i < replies; i++) {
                    socket.send(packet);
                }
            } catch (IOException e) {
                // A client that is gone already (ICMP) is its own affair; a closed socket ends the loop.
                if (socket.isClosed()) {
                    return;
                }
            }
        }
    }

    public int port() {
        return socket.getLocalPort();
    }

    public InetAddress address() {
        return socket.getLocalAddress();
    }

    /** Datagrams received until now. */
    public long received() {
        return received.get();
    }

    /** Closes its socket: the kernel answers "port unreachable" from now on. */
    public void die() {
        socket.close();
    }

    @Override
    public void close() {
        die();
    }
}
