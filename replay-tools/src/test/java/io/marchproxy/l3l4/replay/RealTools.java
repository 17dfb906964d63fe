package io.marchproxy.l3l4.replay;

import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;

/** What a test needs of the machine. Where it is missing the test is skipped; under CI it goes on, and fails. */
final class RealTools {
    private RealTools() {}

    /** A network of the test's own, and programs that are at work in it. */
    static void requireNetwork(List<String> programs) {
        boolean isCi = "true".equals(System.getenv("CI"));
        for (String program : programs) {
            boolean isThere = Stream.of("/usr/bin", "/bin", "/usr/sbin", "/sbin")
                    .anyMatch(folder -> Files.isExecutable(Path.of(folder, program)));
            assumeTrue(isThere || isCi, program + " is not installed");
        }
        assumeTrue(System.getProperty("user.name").equals("root") || isCi, "only root can make a network namespace");
    }
}
