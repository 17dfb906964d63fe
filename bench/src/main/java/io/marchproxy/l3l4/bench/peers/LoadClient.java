package io.marchproxy.l3l4.bench.peers;

import io.marchproxy.l3l4.bench.Main;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Collectors;

/** A JVM of this program that makes load on request, seen from outside its namespace. */
public final class LoadClient implements AutoCloseable {
    private final Process process;
    private final PrintWriter tasks;
    private final BufferedReader answers;

    private LoadClient(Process process) {
        this.process = process;
        tasks = new PrintWriter(process.outputWriter(), true);
        answers = process.inputReader();
    }

    /**
     * Starts it.
     *
     * @param command of this program, which takes tasks from its standard input
     */
    public static LoadClient start(Namespace namespace, Cpus cpus, Path log, String command) throws IOException {
        List<String> java = List.of(
                ProcessHandle.current().info().command().orElse("java"),
                "--enable-native-access=ALL-UNNAMED",
                "--sun-misc-unsafe-memory-access=allow",
                "-XX:+UseSerialGC",
                "-Xmx512m",
                "-cp",
                System.getProperty("java.class.path"),
                Main.class.getName(),
                command);
        return new LoadClient(new ProcessBuilder(namespace.command(cpus.load(), java))
                .redirectError(ProcessBuilder.Redirect.appendTo(log.toFile()))
                .start());
    }

    /** Has a task done, and waits for what it found. */
    public LoadAnswer perform(Object... words) throws IOException {
        tasks.println(Arrays.stream(words).map(String::valueOf).collect(Collectors.joining(" ")));
        return LoadAnswer.parse(answers.readLine());
    }

    @Override
    public void close() {
        process.destroyForcibly();
        process.onExit().join();
    }
}
