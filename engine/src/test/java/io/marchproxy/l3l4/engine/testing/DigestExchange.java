package io.marchproxy.l3l4.engine.testing;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.net.SocketException;
import java.security.MessageDigest;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.FutureTask;

/**
 * Both ends send each other a stream of {@link Noise} at the same time and compare SHA-256 digests afterwards, each
 * direction on its own:
 *
 * <pre>
 *   client: seed, length │ noise(seed)   × length │ digest of what came in
 *   server:                noise(seed+1) × length │ digest of what came in
 * </pre>
 */
public final class DigestExchange {

    private static final int CHUNK = 64 * 1024;
    private static final int SEED_AND_LENGTH = 2 * Long.BYTES;
    private static final int DIGEST = 32;

    private DigestExchange() {}

    /** The bytes that one exchange puts through a proxy in each direction: what the books must show. */
    public static long bytesEachWay(long length) {
        return length + DIGEST;
    }

    /** What the client sends besides, before its stream. */
    public static int headerBytes() {
        return SEED_AND_LENGTH;
    }

    /** The server's side, to be given to {@link TcpBackend#serving}. A health probe, which says nothing, is no exchange. */
    public static void serve(Socket connection) throws IOException {
        DataInputStream in = new DataInputStream(connection.getInputStream());
        long seed;
        try {
            seed = in.readLong();
        } catch (EOFException | SocketException probe) {
            return;
        }
        long length = in.readLong();
        exchange(connection, seed + 1, seed, length, "server");
    }

    /** The client's side, with its own connection. */
    public static void run(InetSocketAddress server, long seed, long length) throws IOException {
        try (Socket connection = new Socket()) {
            connection.connect(server, 10_000);
            run(connection, seed, length);
        }
    }

    /** The client's side, on a connection that the caller made. */
    public static void run(Socket connection, long seed, long length) throws IOException {
        connection.setSoTimeout(60_000);
        DataOutputStream out = new DataOutputStream(connection.getOutputStream());
        out.writeLong(seed);
        out.writeLong(length);
        exchange(connection, seed, seed + 1, length, "client");
    }

    private static void exchange(Socket connection, long mySeed, long peerSeed, long length, String who)
            throws IOException {
        FutureTask<byte[]> sending =
                new FutureTask<>(() -> send(connection.getOutputStream(), new Noise(mySeed), length));
        Thread.startVirtualThread(sending);
        InputStream in = connection.getInputStream();
        byte[] received = receive(in, length);
        byte[] expected = digestOf(new Noise(peerSeed), length);
        byte[] sent = await(sending);
        connection.getOutputStream().write(received);
        connection.shutdownOutput();
        byte[] peerReceived = in.readNBytes(DIGEST);
        assertArrayEquals(expected, received, () -> who + ": what came in is not what the peer sent, seed " + peerSeed);
        assertArrayEquals(
                sent, peerReceived, () -> who + ": the peer got something else than was sent, seed " + mySeed);
        assertEquals(-1, in.read(), () -> who + ": more came than was sent");
    }

    private static byte[] send(OutputStream out, Noise noise, long length) throws IOException {
        MessageDigest digest = Noise.digest();
        byte[] chunk = new byte[CHUNK];
        for (long left = length; left > 0; left -= CHUNK) {
            noise.fill(chunk);
            int count = (int) Math.min(left, CHUNK);
            digest.update(chunk, 0, count);
            out.write(chunk, 0, count);
        }
        return digest.digest();
    }

    private static byte[] receive(InputStream in, long length) throws IOException {
        MessageDigest digest = Noise.digest();
        byte[] chunk = new byte[CHUNK];
        long left = length;
        while (left > 0) {
            int count = in.read(chunk, 0, (int) Math.min(left, CHUNK));
            if (count < 0) {
                throw new IOException("the stream ended " + left + " bytes early");
            }
            digest.update(chunk, 0, count);
            left -= count;
        }
        return digest.digest();
    }

    private static byte[] digestOf(Noise noise, long length) {
        MessageDigest digest = Noise.digest();
        byte[] chunk = new byte[CHUNK];
        for (long left = length; left > 0; left -= CHUNK) {
            noise.fill(chunk);
            digest.update(chunk, 0, (int) Math.min(left, CHUNK));
        }
        return digest.digest();
    }

    private static byte[] await(FutureTask<byte[]> task) throws IOException {
        try {
            return task.get();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IOException("interrupted", e);
        } catch (ExecutionException e) {
            throw new IOException("sending failed", e.getCause());
        }
    }
}
