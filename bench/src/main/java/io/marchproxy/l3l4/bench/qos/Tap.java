package io.marchproxy.l3l4.bench.qos;

import io.marchproxy.l3l4.bench.peers.Cpus;
import io.marchproxy.l3l4.bench.peers.Namespace;
import java.io.File;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** tcpdump under way: each packet's headers and time, as the kernel takes it when the packet comes in on a device. */
final class Tap implements AutoCloseable {
    private static final int HEADER_BYTES = 80;
    private static final int BUFFER_KIB = 65_536;
    private static final int WAIT_SECONDS = 20;
    private static final Pattern MISSED = Pattern.compile("([0-9]+) packets? dropped by kernel");

    private final Process process;
    private final Path words;

    private Tap(Process process, Path words) {
        this.process = process;
        this.words = words;
    }

    /** Begins, and waits until it sees packets. */
    static Tap open(Namespace namespace, Cpus cpus, String device, String filter, Path file)
            throws IOException, InterruptedException {
        Path words = file.resolveSibling("tcpdump.log");
        Files.deleteIfExists(words);
        List<String> command = List.of(
                "tcpdump",
                "-i",
                device,
                "-n",
                "-p",
                "-Q",
                "in",
                "-s",
                String.valueOf(HEADER_BYTES),
                "-B",
                String.valueOf(BUFFER_KIB),
                "--time-stamp-precision=nano",
                "-Z",
                "root",
                "-w",
                file.toString(),
                filter);
        Process process = new ProcessBuilder(namespace.command(cpus.load(), command))
                .redirectInput(new File("/dev/null"))
                .redirectErrorStream(true)
                .redirectOutput(words.toFile())
                .start();
        Tap tap = new Tap(process, words);
        QosStand.await(() -> {
            if (!process.isAlive()) {
                throw new IOException("tcpdump has ended: " + tap.said());
            }
            return tap.said().contains("listening on");
        });
        return tap;
    }

    private String said() throws IOException {
        return Files.exists(words) ? Files.readString(words) : "";
    }

    /**
     * Ends it and what it writes.
     *
     * @throws IOException if it missed packets: what is left then says nothing
     */
    @Override
    public void close() throws IOException {
        process.destroy();
        try {
            if (!process.waitFor(WAIT_SECONDS, TimeUnit.SECONDS)) {
                throw new IOException("tcpdump does not end");
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IOException("interrupted while tcpdump ended", e);
        } finally {
            process.destroyForcibly();
        }
        Matcher missed = MISSED.matcher(said());
        if (!missed.find() || !missed.group(1).equals("0")) {
            throw new IOException("tcpdump has missed packets: " + said().strip());
        }
    }
}
