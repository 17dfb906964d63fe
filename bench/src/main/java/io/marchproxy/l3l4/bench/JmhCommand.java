package io.marchproxy.l3l4.bench;

import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Unmatched;

/** {@code bench jmh …}: hands everything that follows to JMH's own command line. */
@Command(
        name = "jmh",
        description =
                "Runs the JMH benchmarks; what follows is JMH's own command line (-h lists it, -l the benchmarks).")
final class JmhCommand implements Callable<Integer> {

    /** Everything that stands behind "jmh", options included: JMH's to understand, not picocli's. */
    @Unmatched
    private final List<String> arguments = new ArrayList<>();

    @Override
    public Integer call() throws IOException {
        org.openjdk.jmh.Main.main(arguments.toArray(String[]::new));
        return 0;
    }
}
