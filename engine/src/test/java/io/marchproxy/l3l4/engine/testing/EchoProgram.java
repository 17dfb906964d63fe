package io.marchproxy.l3l4.engine.testing;

import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.SelectionKey;
import java.nio.channels.Selector;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;

/**
 * An echo server in a process of its own, one thread, for more connections than one process's file descriptors allow
 * beside the clients. Small messages only: what the kernel does not take at once is an error.
 */
public final class EchoProgram implements AutoCloseable {

    private final RealProgram.Running process;
    private final int port;

    private EchoProgram(RealProgram.Running process, int port) {
        this.process = process;
        this.port = port;
    }

    /** Starts it on a free port of 127.0.0.1. */
    public static EchoProgram start() {
        RealProgram.Running running = RealProgram.of(List.of(
                        Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                        "-XX:+UseSerialGC",
                        "-Xmx128m",
                        "-cp",
                        System.getProperty("java.class.path"),
                        EchoProgram.class.getName()))
                .start();
        String port = Await.value(
                "the echo program says its port", Duration.ofSeconds(60), running::out, out -> out.endsWith("\n"));
        return new EchoProgram(running, Integer.parseInt(port.strip()));
    }

    public int port() {
        return port;
    }

    @Override
    public void close() {
        process.close();
    }

    /** Prints its port, then serves until it is killed. */
    public static void main(String[] args) throws IOException {
        try (Selector selector = Selector.open();
                ServerSocketChannel listener = ServerSocketChannel.open()) {
            listener.bind(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 4_096);
            listener.configureBlocking(false);
            listener.register(selector, SelectionKey.OP_ACCEPT);
            System.out.println(listener.socket().getLocalPort());
            ByteBuffer buffer = ByteBuffer.allocateDirect(64 * 1024);
            while (true) {
                selector.select(key -> serve(key, selector, buffer));
            }
        }
    }

    private static void serve(SelectionKey key, Selector selector, ByteBuffer buffer) {
        try {
            if (key.channel() instanceof ServerSocketChannel listener) {
                for (SocketChannel next = listener.accept(); next != null; next = listener.accept()) {
                    next.configureBlocking(false);
                    next.register(selector, SelectionKey.OP_READ);
                }
            } else {
                echo((SocketChannel) key.channel(), buffer);
            }
        } catch (IOException e) {
            key.cancel();
        }
    }

    private static void echo(SocketChannel channel, ByteBuffer buffer) throws IOException {
        int count = channel.read(buffer.clear());
        if (count < 0) {
            channel.close();
            return;
        }
        channel.write(buffer.flip());
        if (buffer.hasRemaining()) {
            throw new IOException("the kernel did not take a small echo at once");
        }
    }
}
