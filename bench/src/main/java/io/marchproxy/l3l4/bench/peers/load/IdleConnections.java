package io.marchproxy.l3l4.bench.peers.load;

import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.concurrent.ConcurrentLinkedQueue;

/**
 * TCP connections through the proxy that do nothing once they stand: each carries one byte to the backend, which is here as
 * well, and one back. Clients have several loopback addresses, since ports of one would run out.
 */
final class IdleConnections implements AutoCloseable {
    private static final int PER_ADDRESS = 5_000;
    private static final int BACKLOG = 4_096;

    private final List<SocketChannel> clients = new ArrayList<>();
    private final Collection<SocketChannel> accepted = new ConcurrentLinkedQueue<>();
    private final ServerSocketChannel backend;

    /** Begins to listen as the backend. */
    IdleConnections(int backendPort) throws IOException {
        backend = ServerSocketChannel.open();
        backend.bind(new InetSocketAddress(InetAddress.getLoopbackAddress(), backendPort), BACKLOG);
        Thread.ofPlatform().daemon().name("idle-backend").start(this::accept);
    }

    /** Opens connections until there are so many, each only once the one before has been answered. */
    void open(int port, int count) throws IOException {
        ByteBuffer one = ByteBuffer.allocate(1);
        InetSocketAddress proxy = new InetSocketAddress(InetAddress.getLoopbackAddress(), port);
        while (clients.size() < count) {
            SocketChannel client = SocketChannel.open();
            clients.add(client);
            client.bind(new InetSocketAddress(source(clients.size() / PER_ADDRESS), 0));
            client.connect(proxy);
            client.write(one.clear());
            if (client.read(one.clear()) != 1) {
                throw new IOException("connection " + clients.size() + " through port " + port + " was closed");
            }
        }
    }

    private static InetAddress source(int number) throws IOException {
        return InetAddress.getByAddress(new byte[] {127, 0, 1, (byte) (1 + number)});
    }

    private void accept() {
        ByteBuffer one = ByteBuffer.allocate(1);
        try {
            while (true) {
                SocketChannel connection = backend.accept();
                accepted.add(connection);
                if (connection.read(one.clear()) == 1) {
                    connection.write(one.flip());
                }
            }
        } catch (IOException e) {
            // Closed: the end of the measurement. A proxy that fails shows at the client, which waits for its byte.
            return;
        }
    }

    @Override
    public void close() throws IOException {
        backend.close();
        for (SocketChannel each : clients) {
            each.close();
        }
        for (SocketChannel each : accepted) {
            each.close();
        }
    }
}
