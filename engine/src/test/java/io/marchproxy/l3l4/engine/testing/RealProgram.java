package io.marchproxy.l3l4.engine.testing;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.StringWriter;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.opentest4j.AssertionFailedError;

/** A program that nobody here wrote, or our own as its users start it: run with a time limit, its output captured. */
public final class RealProgram {

    private final List<String> command;
    private final Map<String, String> environment = new TreeMap<>();
    private Duration timeout = Duration.ofSeconds(60);
    private @Nullable TestNetwork network;
    private @Nullable Path folder;

    private RealProgram(List<String> command) {
        this.command = command;
    }

    public static RealProgram of(String... command) {
        return new RealProgram(List.of(command));
    }

    public static RealProgram of(List<String> command) {
        return new RealProgram(List.copyOf(command));
    }

    /** After this long {@link #run()} kills it and fails. A minute unless told. */
    public RealProgram timeout(Duration limit) {
        timeout = limit;
        return this;
    }

    /** Runs it inside a namespace. */
    public RealProgram in(TestNetwork namespace) {
        network = namespace;
        return this;
    }

    public RealProgram folder(Path workingFolder) {
        folder = workingFolder;
        return this;
    }

    public RealProgram environment(String name, String value) {
        environment.put(name, value);
        return this;
    }

    /** Runs it to its end. */
    public Outcome run() {
        try (Running running = start()) {
            return running.await(timeout);
        }
    }

    /** Runs it to its end, which must be exit code 0. */
    public Outcome runOrFail() {
        Outcome outcome = run();
        if (outcome.exitCode() != 0) {
            throw new AssertionFailedError(command + " failed: " + outcome);
        }
        return outcome;
    }

    /** Starts it; closing kills it. */
    public Running start() {
        List<String> whole = new ArrayList<>();
        if (network != null) {
            whole.addAll(List.of("ip", "netns", "exec", network.name()));
        }
        whole.addAll(command);
        ProcessBuilder builder = new ProcessBuilder(whole);
        builder.environment().putAll(environment);
        if (folder != null) {
            builder.directory(folder.toFile());
        }
        try {
            return new Running(command, builder.start());
        } catch (IOException e) {
            throw new UncheckedIOException("cannot start " + whole, e);
        }
    }

    /** How a program ended. */
    public record Outcome(int exitCode, String out, String err) {
        /** Standard output and standard error, one after the other. */
        public String all() {
            return out + err;
        }
    }

    /** A program under way. */
    public static final class Running implements AutoCloseable {

        private final List<String> command;
        private final Process process;
        private final StringWriter out = new StringWriter();
        private final StringWriter err = new StringWriter();
        private final List<Thread> readers;

        private Running(List<String> command, Process process) {
            this.command = command;
            this.process = process;
            readers = List.of(
                    Thread.startVirtualThread(() -> collect(process.inputReader(StandardCharsets.UTF_8), out)),
                    Thread.startVirtualThread(() -> collect(process.errorReader(StandardCharsets.UTF_8), err)));
        }

        private static void collect(BufferedReader from, StringWriter to) {
            try (from) {
                for (String line = from.readLine(); line != null; line = from.readLine()) {
                    to.append(line).append('\n');
                }
            } catch (IOException e) {
                to.append(String.valueOf(e)).append('\n');
            }
        }

        public String out() {
            return out.toString();
        }

        public String err() {
            return err.toString();
        }

        public ProcessHandle handle() {
            return process.toHandle();
        }

        public boolean isAlive() {
            return process.isAlive();
        }

        /** Sends a signal by its name without SIG. */
        public void signal(String name) {
            RealProgram.of("kill", "-" + name, Long.toString(process.pid())).runOrFail();
        }

        /** Kills at once, children included, and waits until all are gone: a server's worker holds its port until it is. */
        public void kill() {
            // The parent first: it must not replace a child that it sees die.
            List<ProcessHandle> children = process.descendants().toList();
            process.destroyForcibly();
            children.forEach(ProcessHandle::destroyForcibly);
            try {
                if (!process.waitFor(10, TimeUnit.SECONDS)) {
                    throw new AssertionFailedError(command + " survived SIGKILL for 10 s");
                }
                Await.until(
                        "the children of " + command + " are gone",
                        Duration.ofSeconds(10),
                        () -> children.stream().noneMatch(Running::isRunning));
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
            }
        }

        /** A zombie, whose parent has not asked for its end yet, has let go of its sockets. */
        private static boolean isRunning(ProcessHandle process) {
            try {
                String stat = Files.readString(Path.of("/proc", Long.toString(process.pid()), "stat"));
                return stat.charAt(stat.lastIndexOf(')') + 2) != 'Z';
            } catch (IOException gone) {
                return false;
            }
        }

        /** Waits for its end; kills it and fails when that does not come in time. */
        public Outcome await(Duration limit) {
            try {
                if (!process.waitFor(limit.toNanos(), TimeUnit.NANOSECONDS)) {
                    kill();
                    throw new AssertionFailedError(
                            command + " did not end within " + limit.toMillis() + " ms\nout: " + out + "\nerr: " + err);
                }
                for (Thread reader : readers) {
                    // A grandchild may keep the pipe open; what has come until now is what we show.
                    reader.join(Duration.ofSeconds(10));
                }
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
                throw new AssertionFailedError("interrupted while waiting for " + command, e);
            }
            return new Outcome(process.exitValue(), out(), err());
        }

        @Override
        public void close() {
            if (process.isAlive()) {
                kill();
            }
        }
    }
}
