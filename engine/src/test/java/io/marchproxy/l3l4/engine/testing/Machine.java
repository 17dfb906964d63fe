package io.marchproxy.l3l4.engine.testing;

import java.io.File;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.stream.Stream;

/** What the machine that runs the tests can do. */
public final class Machine {

    private static final List<String> SYSTEM_FOLDERS = List.of("/usr/local/sbin", "/usr/sbin", "/sbin");

    private Machine() {}

    /** Whether a program stands on the PATH or in a folder for system programs. */
    public static boolean hasProgram(String program) {
        return Stream.concat(Stream.of(System.getenv("PATH").split(File.pathSeparator)), SYSTEM_FOLDERS.stream())
                .anyMatch(folder -> Files.isExecutable(Path.of(folder, program)));
    }

    public static boolean isRoot() {
        return "0".equals(statusField("Uid").split("\\s+")[0]);
    }

    /** Tries it: root alone does not suffice within every container. */
    public static boolean canMakeNamespaces() {
        return Namespaces.POSSIBLE;
    }

    private static String statusField(String name) {
        try {
            return Files.readAllLines(Path.of("/proc/self/status")).stream()
                    .filter(line -> line.startsWith(name + ":"))
                    .map(line -> line.substring(name.length() + 1).strip())
                    .findFirst()
                    .orElseThrow();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** Asked once per JVM, since it costs two processes. */
    private static final class Namespaces {
        static final boolean POSSIBLE = isRoot() && hasProgram("ip") && tried();

        private static boolean tried() {
            String name = TestNetwork.freshName();
            Duration patience = Duration.ofSeconds(10);
            boolean made = RealProgram.of("ip", "netns", "add", name)
                            .timeout(patience)
                            .run()
                            .exitCode()
                    == 0;
            return made
                    && RealProgram.of("ip", "netns", "del", name)
                                    .timeout(patience)
                                    .run()
                                    .exitCode()
                            == 0;
        }
    }
}
