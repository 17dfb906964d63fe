package io.marchproxy.l3l4.bench;

import java.io.IOException;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Parameters;

/** {@code bench jmh …}: hands everything that follows to JMH's own command line. */
@Command(
        name = "jmh",
        description =
                "Runs the JMH benchmarks; what follows is JMH's own command line (-h lists it, -l the benchmarks).")
final class JmhCommand implements Callable<Integer> {

    @Parameters(arity = "0..*", paramLabel = "ARG", description = "JMH's arguments")
    private String[] arguments = {};

    @Override
    public Integer call() throws IOException {
        org.openjdk.jmh.Main.main(arguments);
        return 0;
    }
}
