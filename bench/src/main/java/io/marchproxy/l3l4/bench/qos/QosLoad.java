package io.marchproxy.l3l4.bench.qos;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.PrintWriter;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.net.StandardSocketOptions;
import java.nio.ByteBuffer;
import java.nio.channels.DatagramChannel;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import java.util.stream.Collectors;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Spec;

/**
 * {@code bench qos-load}: an end of the wire of {@code bench qos}, in a JVM of its own. Takes a task a line from standard input, answers each
 * with a line that begins with {@code ok} or {@code failed}, and ends with its input.
 *
 * <pre>
 * serve PROTOCOL PORT                              a backend, from now on
 * pour PROTOCOL HOST PORT WHO SECONDS BITS         has one side send for so long; WHO: to-backend, to-client
 * mix HOST SECONDS GROUP…                          has many send stamped datagrams for so long, each group by a thread
 * answer PORT                                      a backend that answers each stamped datagram, from now on
 * react HOST SECONDS SENDER…                       has senders react to what it answers, for so long
 * </pre>
 *
 * <p>A group is of senders, with commas between: FROM:PORT:NUMBER:BYTES:BITS, its address, the port that it sends to, its number on each
 * stamp, bytes of a datagram, bits a second. Senders that react are FROM:PORT:NUMBER:BYTES:BITS:ECN, with the most bits a second and the ECN
 * field of what they send. Both answer with what {@link MixFound} reads.
 *
 * <p>TCP sends as much as is taken, over {@value #STREAMS} connections. UDP sends so many bits a second, without bursts that make up for what the machine missed. A client's first
 * message says who sends, how much and for how long, so a backend needs no other word.
 */
@Command(name = QosLoad.NAME, hidden = true, description = "The load of qos; it starts this itself.")
public final class QosLoad implements Callable<Integer> {
    /** How the command is called. */
    public static final String NAME = "qos-load";

    /** UDP's payload: a frame with all headers is 1,442 bytes. */
    static final int DATAGRAM_BYTES = 1_400;

    /** TCP's connections at once, as a service has several. */
    static final int STREAMS = 4;

    /**
     * What a receiver takes before it reads, of which the kernel makes up to twice as much. All windows together are less than what may wait
     * at a shaper, so TCP never loses a packet, and what is measured is the shaper rather than a recovery.
     */
    private static final int RECEIVE_BYTES = 128 << 10;

    private static final int WRITE_BYTES = 1 << 16;
    private static final int REQUEST_BYTES = 2 * Long.BYTES;
    static final long PAUSE_NS = TimeUnit.MICROSECONDS.toNanos(200);
    static final long LATE_NS = TimeUnit.MILLISECONDS.toNanos(5);
    static final double NS = 1e9;

    @Spec
    private CommandSpec spec;

    @Override
    public Integer call() throws IOException {
        PrintWriter out = spec.commandLine().getOut();
        BufferedReader in = new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
        for (String line = in.readLine(); line != null; line = in.readLine()) {
            out.println(answer(line.strip().split(" ")));
            out.flush();
        }
        return 0;
    }

    private static String answer(String[] words) {
        try {
            if (words[0].equals("mix")) {
                return "ok " + mix(words);
            }
            if (words[0].equals("react")) {
                return "ok " + react(words);
            }
            if (words[0].equals("answer")) {
                AnsweringBackend.open(Integer.parseInt(words[1]));
                return "ok";
            }
            boolean tcp = words[1].equals("tcp");
            switch (words[0]) {
                case "serve" -> serve(tcp, Integer.parseInt(words[2]));
                case "pour" -> {
                    InetSocketAddress to = new InetSocketAddress(words[2], Integer.parseInt(words[3]));
                    long ns = (long) (Double.parseDouble(words[5]) * NS);
                    long bits = words[4].equals("to-backend") ? -Long.parseLong(words[6]) : Long.parseLong(words[6]);
                    if (tcp) {
                        pourStreams(to, bits, ns);
                    } else {
                        pourDatagrams(to, bits, ns);
                    }
                }
                default -> throw new IllegalArgumentException("unknown task " + words[0]);
            }
            return "ok";
        } catch (IOException | RuntimeException e) {
            return "failed " + e;
        }
    }

    private static void serve(boolean tcp, int port) throws IOException {
        if (tcp) {
            ServerSocketChannel server = ServerSocketChannel.open()
                    .setOption(StandardSocketOptions.SO_RCVBUF, RECEIVE_BYTES)
                    .bind(new InetSocketAddress(port));
            Thread.ofPlatform().daemon().start(() -> accept(server));
        } else {
            DatagramChannel channel = DatagramChannel.open().bind(new InetSocketAddress(port));
            Thread.ofPlatform().daemon().start(() -> answerDatagrams(channel));
        }
    }

    private static void accept(ServerSocketChannel server) {
        try {
            while (true) {
                SocketChannel stream = server.accept();
                Thread.ofPlatform().daemon().start(() -> serveStream(stream));
            }
        } catch (IOException e) {
            throw new IllegalStateException(e);
        }
    }

    private static void serveStream(SocketChannel stream) {
        try (stream) {
            ByteBuffer request = ByteBuffer.allocate(REQUEST_BYTES);
            while (request.hasRemaining() && stream.read(request) >= 0) {
                // until all of it is there
            }
            long bits = request.getLong(0);
            if (bits > 0) {
                send(stream, request.getLong(Long.BYTES));
            } else {
                drain(stream);
            }
        } catch (IOException e) {
            // The client has gone, which is how it ends.
            return;
        }
    }

    private static ByteBuffer request(long bits, long ns) {
        return ByteBuffer.allocate(REQUEST_BYTES).putLong(bits).putLong(ns).flip();
    }

    private static void pourStreams(InetSocketAddress to, long bits, long ns) throws IOException {
        List<CompletableFuture<Void>> streams = new ArrayList<>();
        for (int i = 0; i < STREAMS; i++) {
            streams.add(inThread(() -> pourStream(to, bits, ns)));
        }
        join(streams);
    }

    private static String mix(String[] words) throws IOException {
        long ns = (long) (Double.parseDouble(words[2]) * NS);
        List<List<MixSender>> groups = new ArrayList<>();
        try {
            for (int i = 3; i < words.length; i++) {
                List<MixSender> group = new ArrayList<>();
                groups.add(group);
                for (String each : words[i].split(",")) {
                    group.add(MixSender.open(words[1], each));
                }
            }
            List<CompletableFuture<Void>> done = groups.stream()
                    .map(group -> inThread(() -> MixSender.send(group, ns)))
                    .toList();
            join(done);
            return groups.stream()
                    .flatMap(List::stream)
                    .map(each -> each.said(ns))
                    .collect(Collectors.joining(" "));
        } finally {
            for (List<MixSender> group : groups) {
                for (MixSender each : group) {
                    each.close();
                }
            }
        }
    }

    private static String react(String[] words) throws IOException {
        long ns = (long) (Double.parseDouble(words[2]) * NS);
        List<ReactingSender> all = new ArrayList<>();
        try {
            for (int i = 3; i < words.length; i++) {
                all.add(ReactingSender.open(words[1], words[i]));
            }
            ReactingSender.send(all, ns);
            return all.stream().map(each -> each.said(ns)).collect(Collectors.joining(" "));
        } finally {
            for (ReactingSender each : all) {
                each.close();
            }
        }
    }

    /** What a thread does. */
    private interface Work {
        void run() throws IOException;
    }

    private static CompletableFuture<Void> inThread(Work work) {
        CompletableFuture<Void> done = new CompletableFuture<>();
        Thread.ofPlatform().daemon().start(() -> {
            try {
                work.run();
                done.complete(null);
            } catch (IOException e) {
                done.completeExceptionally(e);
            }
        });
        return done;
    }

    private static void join(List<CompletableFuture<Void>> all) throws IOException {
        try {
            all.forEach(CompletableFuture::join);
        } catch (CompletionException e) {
            throw new IOException(e.getCause());
        }
    }

    private static void pourStream(InetSocketAddress to, long bits, long ns) throws IOException {
        try (SocketChannel stream = SocketChannel.open()
                .setOption(StandardSocketOptions.SO_RCVBUF, RECEIVE_BYTES)
                // Closed by a reset: what a relay holds back would otherwise go on for most of a minute, in front of
                // the next turn's.
                .setOption(StandardSocketOptions.SO_LINGER, 0)) {
            stream.connect(to);
            stream.write(request(bits, ns));
            if (bits < 0) {
                send(stream, ns);
            } else {
                long untilNs = System.nanoTime() + ns;
                ByteBuffer bytes = ByteBuffer.allocateDirect(WRITE_BYTES);
                while (System.nanoTime() - untilNs < 0 && stream.read(bytes.clear()) >= 0) {
                    // what it is does not matter
                }
            }
        }
    }

    /** Sends until the time is over; a thread of its own writes, since one that waits for room does not look at the time. */
    private static void send(SocketChannel stream, long ns) throws IOException {
        Thread writer = Thread.ofPlatform().daemon().start(() -> {
            ByteBuffer bytes = ByteBuffer.allocateDirect(WRITE_BYTES);
            try {
                while (true) {
                    stream.write(bytes.clear());
                }
            } catch (IOException e) {
                // closed: at the end of its time, or before
                return;
            }
        });
        long untilNs = System.nanoTime() + ns;
        while (System.nanoTime() - untilNs < 0) {
            if (!writer.isAlive()) {
                throw new IOException("the connection was closed before its time");
            }
            LockSupport.parkNanos(LATE_NS);
        }
    }

    private static void drain(SocketChannel stream) throws IOException {
        ByteBuffer bytes = ByteBuffer.allocateDirect(WRITE_BYTES);
        while (stream.read(bytes.clear()) >= 0) {
            // what it is does not matter
        }
    }

    private static void pourDatagrams(InetSocketAddress to, long bits, long ns) throws IOException {
        try (DatagramChannel channel = DatagramChannel.open().connect(to)) {
            channel.write(request(bits, ns));
            if (bits < 0) {
                flood(channel, to, -bits, ns);
            } else {
                channel.configureBlocking(false);
                long untilNs = System.nanoTime() + ns;
                while (System.nanoTime() - untilNs < 0) {
                    // The socket's buffer may run over: packets are counted before it.
                    LockSupport.parkNanos(LATE_NS);
                }
            }
        }
    }

    private static void answerDatagrams(DatagramChannel channel) {
        ByteBuffer bytes = ByteBuffer.allocateDirect(2 * DATAGRAM_BYTES);
        try {
            while (true) {
                SocketAddress from = channel.receive(bytes.clear());
                if (bytes.flip().remaining() == REQUEST_BYTES && bytes.getLong(0) > 0) {
                    flood(channel, from, bytes.getLong(0), bytes.getLong(Long.BYTES));
                }
            }
        } catch (IOException e) {
            throw new IllegalStateException(e);
        }
    }

    private static void flood(DatagramChannel channel, SocketAddress to, long bits, long ns) throws IOException {
        ByteBuffer bytes = ByteBuffer.allocateDirect(DATAGRAM_BYTES);
        double gapNs = DATAGRAM_BYTES * 8 * NS / bits;
        long beganNs = System.nanoTime();
        double dueNs = 0;
        for (long passedNs = 0; passedNs < ns; passedNs = System.nanoTime() - beganNs) {
            dueNs = Math.max(dueNs, (double) (passedNs - LATE_NS));
            for (; dueNs <= passedNs; dueNs += gapNs) {
                channel.send(bytes.clear(), to);
            }
            LockSupport.parkNanos(PAUSE_NS);
        }
    }
}
