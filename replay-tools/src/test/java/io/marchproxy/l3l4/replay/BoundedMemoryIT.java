package io.marchproxy.l3l4.replay;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.marchproxy.l3l4.config.settings.JournalSettings.Mode;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;

/**
 * A journal that is far larger than the memory that the tools may have: they hold one file's map and a flow table, however much
 * there is. Larger by hand: {@code -Dmemory.megabytes=4000}.
 */
@EnabledOnOs(OS.LINUX)
class BoundedMemoryIT {
    private static final long JOURNAL_MEGABYTES = Long.getLong("memory.megabytes", 300);
    private static final long HEAP_MEGABYTES = 32;

    /** Hardly one sends twice within a document, so that there is little to pack. */
    private static final int CLIENTS = 5_000;

    /** What a JVM takes besides its heap: code, classes, threads, the collector's own. */
    private static final long JVM_KB = 120_000;

    private static final int DATAGRAMS = 100_000;
    private static final Duration PATIENCE = Duration.ofMinutes(5);

    @TempDir
    Path data;

    /** The most that was seen of a process, in kB. */
    private record Peak(int exitCode, String out, long anonymous, long mapped) {}

    @Test
    void shouldHoldOneFileAndNotTheJournal() throws Exception {
        long budget = 2 * JOURNAL_MEGABYTES * 1_000_000;
        try (Synthetic synthetic =
                new Synthetic(data, Mode.PACKETS, Synthetic.settings(18), Synthetic.settings(18), budget)) {
            synthetic.clients(CLIENTS);
            while (synthetic.recordedBytes() < JOURNAL_MEGABYTES * 1_000_000) {
                synthetic.datagrams(DATAGRAMS);
            }
        }
        long fileKb = budget / 8 / 1000;
        Path candidate = Files.writeString(data.resolve("candidate.yaml"), """
                services:
                  - { name: dns, listen: "udp://127.0.0.1:53", class: P1, backends: [ { id: a, address: "127.0.0.1:5300" } ] }
                """);
        for (List<String> command : List.of(
                List.of("verify", data.toString()),
                List.of("stats", data.toString()),
                List.of("tail", data.toString()),
                List.of("flows", data.toString(), "--top", "10"),
                List.of("flows", data.toString(), "--format", "parquet", "--output", data + "/flows.parquet"),
                List.of("diff", data.toString(), "--config", candidate.toString()))) {
            Peak peak = run(command);
            System.out.printf(
                    "%s of %d MB with a heap of %d MB: %d MB anonymous, %d MB of files mapped at the most%n%s",
                    command, JOURNAL_MEGABYTES, HEAP_MEGABYTES, peak.anonymous / 1000, peak.mapped / 1000, peak.out);
            assertEquals(0, peak.exitCode, peak.out);
            assertTrue(peak.anonymous < HEAP_MEGABYTES * 1024 + JVM_KB, peak::toString);
            assertTrue(peak.mapped < 2 * fileKb + JVM_KB, peak::toString);
            assertTrue(peak.mapped < JOURNAL_MEGABYTES * 1000, peak::toString);
        }
    }

    private Peak run(List<String> command) throws IOException, InterruptedException {
        Path out = data.resolve("out");
        List<String> arguments = new ArrayList<>(List.of(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-Xmx" + HEAP_MEGABYTES + "m",
                "@" + Path.of(System.getProperty("project.root"), "bin", "jvm.flags"),
                "-cp",
                System.getProperty("java.class.path"),
                "io.marchproxy.l3l4.replay.Main"));
        arguments.addAll(command);
        Process process = new ProcessBuilder(arguments)
                .redirectErrorStream(true)
                .redirectOutput(out.toFile())
                .start();
        long deadline = System.nanoTime() + PATIENCE.toNanos();
        long anonymous = 0;
        long mapped = 0;
        while (process.isAlive()) {
            assertTrue(System.nanoTime() < deadline, command + " takes too long");
            anonymous = Math.max(anonymous, status(process, "RssAnon:"));
            mapped = Math.max(mapped, status(process, "RssFile:"));
            LockSupport.parkNanos(TimeUnit.MILLISECONDS.toNanos(2));
        }
        return new Peak(process.waitFor(), Files.readString(out), anonymous, mapped);
    }

    /** A line of the process's status, in kB; 0 when it has ended. */
    private static long status(Process process, String name) {
        try {
            return Files.readAllLines(Path.of("/proc/" + process.pid() + "/status")).stream()
                    .filter(line -> line.startsWith(name))
                    .mapToLong(line -> Long.parseLong(line.replaceAll("[^0-9]", "")))
                    .findFirst()
                    .orElse(0);
        } catch (IOException e) {
            return 0;
        }
    }
}
