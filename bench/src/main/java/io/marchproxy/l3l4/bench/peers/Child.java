package io.marchproxy.l3l4.bench.peers;

import java.io.File;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;

/** A program under way in the namespace, with the processes that it has started itself. */
public final class Child implements AutoCloseable {
    private final String name;
    private final Process process;

    private Child(String name, Process process) {
        this.name = name;
        this.process = process;
    }

    /** Starts it; its output goes to a log file. */
    public static Child start(String name, List<String> command, Path log) throws IOException {
        ProcessBuilder builder = new ProcessBuilder(command)
                .redirectInput(new File("/dev/null"))
                .redirectErrorStream(true)
                .redirectOutput(ProcessBuilder.Redirect.appendTo(log.toFile()));
        return new Child(name, builder.start());
    }

    /** What a message calls it. */
    public String name() {
        return name;
    }

    /** Whether it has not ended. */
    public boolean isAlive() {
        return process.isAlive();
    }

    /** Its process and those below. */
    List<Long> pids() {
        return handles().map(ProcessHandle::pid).toList();
    }

    /** Takes the CPU away from it. Two programs that spin, or a JVM that compiles, must not disturb the one under test. */
    void pause() throws IOException, InterruptedException {
        signal("-STOP");
    }

    void resume() throws IOException, InterruptedException {
        signal("-CONT");
    }

    /** Kills it: none of these has anything to save, and a paused one would not hear of a milder signal. */
    @Override
    public void close() {
        handles().toList().forEach(ProcessHandle::destroyForcibly);
        process.onExit().join();
    }

    private void signal(String signal) throws IOException, InterruptedException {
        List<String> command = new ArrayList<>(List.of("kill", signal));
        pids().forEach(pid -> command.add(String.valueOf(pid)));
        Programs.run(command);
    }

    private Stream<ProcessHandle> handles() {
        return Stream.concat(Stream.of(process.toHandle()), process.descendants());
    }
}
