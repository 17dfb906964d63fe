package io.marchproxy.l3l4.bench.peers;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import picocli.CommandLine;

/**
 * A command that measures for real in network namespaces of its own, as short as it can be, run to its end.
 *
 * @param out what it printed
 * @param err what it printed as errors
 */
public record QuickRun(String out, String err) {
    /** Skips, and fails under CI, where the machine lacks what it takes: root, CPUs, programs. */
    public static void require(int cpus, List<String> programs) throws IOException {
        boolean fit = Proc.isRoot()
                && Proc.allowedCpus().size() >= cpus
                && Programs.missing(programs).isEmpty();
        assertTrue(fit || !Boolean.parseBoolean(System.getenv("CI")), "under CI a skip is a failure");
        assumeTrue(fit, "needs root, CPUs: " + cpus + ", and of .ci/packages: " + String.join(", ", programs));
    }

    /** Runs it; it succeeds, and leaves no namespace behind. */
    public static QuickRun of(Callable<Integer> command, String... flags) throws Exception {
        StringWriter out = new StringWriter();
        StringWriter err = new StringWriter();
        List<String> all = new ArrayList<>(List.of("--quick"));
        all.addAll(List.of(flags));

        int code = new CommandLine(command)
                .setOut(new PrintWriter(out, true))
                .setErr(new PrintWriter(err, true))
                .execute(all.toArray(String[]::new));

        assertEquals(0, code, err.toString());
        String own = "pl34-" + ProcessHandle.current().pid() + "-";
        String left = Programs.run(List.of("ip", "netns", "list"));
        assertFalse(left.contains(own), left);
        return new QuickRun(out.toString(), err.toString());
    }
}
