package io.marchproxy.l3l4.engine.udp;

import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.StandardProtocolFamily;
import java.net.StandardSocketOptions;
import java.nio.ByteBuffer;
import java.nio.channels.DatagramChannel;
import java.nio.channels.SelectionKey;
import java.nio.channels.Selector;
import java.nio.charset.StandardCharsets;
import java.time.Duration;

/**
 * A client that is not connected, so that it sees which address answers. Not blocking, since java.nio's blocking receive
 * takes an empty datagram for none, and sends none through a connected channel.
 */
final class TestClient implements AutoCloseable {
    private static final int BUFFER_BYTES = 4 << 20;
    private static final int LONGEST = 1 << 16;

    private final DatagramChannel channel;
    private final Selector selector;
    private final ByteBuffer buffer = ByteBuffer.allocateDirect(LONGEST);

    /** A datagram. */
    static final class Received {
        private final byte[] payload;
        private final InetSocketAddress from;

        Received(byte[] payload, InetSocketAddress from) {
            this.payload = payload;
            this.from = from;
        }

        byte[] payload() {
            return payload;
        }

        InetSocketAddress from() {
            return from;
        }

        String text() {
            return new String(payload, StandardCharsets.UTF_8);
        }
    }

    TestClient(String host) throws IOException {
        channel = DatagramChannel.open(
                host.indexOf(':') < 0 ? StandardProtocolFamily.INET : StandardProtocolFamily.INET6);
        channel.setOption(StandardSocketOptions.SO_RCVBUF, BUFFER_BYTES);
        channel.setOption(StandardSocketOptions.SO_SNDBUF, BUFFER_BYTES);
        channel.bind(new InetSocketAddress(InetAddress.getByName(host), 0));
        channel.configureBlocking(false);
        selector = Selector.open();
        channel.register(selector, SelectionKey.OP_READ);
    }

    TestClient() throws IOException {
        this("127.0.0.1");
    }

    static byte[] bytes(String text) {
        return text.getBytes(StandardCharsets.UTF_8);
    }

    void send(byte[] payload, InetSocketAddress to) throws IOException {
        channel.send(ByteBuffer.wrap(payload), to);
    }

    void send(String text, InetSocketAddress to) throws IOException {
        send(bytes(text), to);
    }

    /** The next datagram, or an exception after the deadline. */
    Received receive() throws IOException {
        long endNs = System.nanoTime() + UdpRig.DEADLINE.toNanos();
        while (System.nanoTime() - endNs < 0) {
            buffer.clear();
            InetSocketAddress from = (InetSocketAddress) channel.receive(buffer);
            if (from != null) {
                buffer.flip();
                byte[] payload = new byte[buffer.remaining()];
                buffer.get(payload);
                return new Received(payload, from);
            }
            selector.select(UdpRig.DEADLINE.toMillis());
            selector.selectedKeys().clear();
        }
        throw new IOException("no datagram within " + UdpRig.DEADLINE);
    }

    /** Whether nothing comes for a while. */
    boolean hearsNothing(Duration during) throws IOException {
        selector.select(during.toMillis());
        selector.selectedKeys().clear();
        buffer.clear();
        return channel.receive(buffer) == null;
    }

    InetSocketAddress address() throws IOException {
        return (InetSocketAddress) channel.getLocalAddress();
    }

    @Override
    public void close() throws IOException {
        selector.close();
        channel.close();
    }
}
