package io.marchproxy.l3l4.bench.faults;

import io.marchproxy.l3l4.bench.Main;
import io.marchproxy.l3l4.bench.peers.Programs;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.List;

/** A backend's process ({@link FaultBackendCommand}), as seen by whoever breaks it. */
final class FaultBackend implements AutoCloseable {
    private final Process process;
    private final PrintWriter commands;
    private final BufferedReader answers;
    private boolean isReady;

    private FaultBackend(Process process) {
        this.process = process;
        commands = new PrintWriter(process.outputWriter(), true);
        answers = process.inputReader();
    }

    /** Starts one that does not listen yet. It takes a while to come up, which {@link #ready} waits for. */
    static FaultBackend start(String name, Path log) throws IOException {
        List<String> java = List.of(
                ProcessHandle.current().info().command().orElse("java"),
                "-XX:+UseSerialGC",
                "-XX:TieredStopAtLevel=1",
                "-Xmx64m",
                "-cp",
                System.getProperty("java.class.path"),
                Main.class.getName(),
                FaultBackendCommand.NAME,
                name);
        return new FaultBackend(new ProcessBuilder(java)
                .redirectError(ProcessBuilder.Redirect.appendTo(log.toFile()))
                .start());
    }

    /** Waits until it is up. */
    void ready() throws IOException {
        if (!isReady) {
            expect("ready");
            isReady = true;
        }
    }

    void listen(int port) throws IOException {
        ready();
        perform("listen " + port);
    }

    void mode(String mode) throws IOException {
        perform("mode " + mode);
    }

    void signal(String name) throws IOException, InterruptedException {
        Programs.run(List.of("kill", "-" + name, Long.toString(process.pid())));
    }

    /** SIGKILL; returns when it is gone. */
    void kill() {
        process.destroyForcibly();
        process.onExit().join();
    }

    private void perform(String command) throws IOException {
        commands.println(command);
        expect("done");
    }

    private void expect(String word) throws IOException {
        String answer = answers.readLine();
        if (!word.equals(answer)) {
            throw new IOException("a backend answers " + answer + " rather than " + word);
        }
    }

    @Override
    public void close() {
        kill();
    }
}
