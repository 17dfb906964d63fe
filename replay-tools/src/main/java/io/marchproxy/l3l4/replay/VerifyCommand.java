package io.marchproxy.l3l4.replay;

import io.marchproxy.l3l4.engine.journal.JournalReader;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.Locale;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.ExitCode;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Spec;

/** Proves that the same input gives the same decisions. */
@Command(
        name = "verify",
        mixinStandardHelpOptions = true,
        description =
                "Runs what was recorded (engine.journal.mode: packets) through the same pipeline under the recorded"
                        + " configuration, and compares every decision.",
        exitCodeListHeading = "%nExit codes:%n",
        exitCodeList = {
            "0:no difference",
            "1:a difference; the first is shown",
            "2:the journal can't be read, or not all of it can be verified"
        })
final class VerifyCommand implements Callable<Integer> {
    private static final int DIFFERENT = 1;
    private static final double NANOS = 1e-9;

    @Mixin
    private JournalArgument journal;

    @Spec
    private CommandSpec spec;

    @Override
    public Integer call() throws IOException {
        int worst = ExitCode.OK;
        for (Path shard : journal.shards()) {
            int code = verify(shard);
            if (code == DIFFERENT) {
                return DIFFERENT;
            }
            worst = Math.max(worst, code);
        }
        return worst;
    }

    /** Of less than a second's work it would say how long a program takes to begin. */
    private static String speed(Verification verification, double seconds) {
        return seconds < 1
                ? ""
                : String.format(
                        Locale.ROOT,
                        " (%.2f M events/s, %,.1f times as fast as recorded)",
                        verification.events() / seconds / 1e6,
                        verification.recordedNs() * NANOS / seconds);
    }

    private int verify(Path shard) throws IOException {
        PrintWriter out = spec.commandLine().getOut();
        PrintWriter err = spec.commandLine().getErr();
        String name = String.valueOf(shard.getFileName());
        ProgressLine progress = ProgressLine.onTerminal();
        long all = JournalReader.bytes(shard);
        long startedNs = System.nanoTime();
        try (Verification verification = new Verification(shard)) {
            try {
                verification.run(read -> progress.show(name, read, all));
            } finally {
                progress.clear();
            }
            double seconds = Math.max((System.nanoTime() - startedNs) * NANOS, NANOS);
            verification.notes().forEach(note -> out.println(name + ": " + note));
            Difference difference = verification.difference();
            if (difference != null) {
                out.println(name + ": a difference:");
                difference.lines().forEach(out::println);
                return DIFFERENT;
            }
            String incomplete = verification.incomplete();
            if (incomplete != null) {
                err.println(name + ": " + incomplete);
                return ExitCode.USAGE;
            }
            if (verification.sessions() == 0) {
                err.println(name + ": nothing in it can be verified");
                return ExitCode.USAGE;
            }
            out.println(String.format(
                    Locale.ROOT,
                    "%s: no difference in %,d events with %,d outcomes, %d session%s, %.1f s recorded, %.2f s replayed%s",
                    name,
                    verification.events(),
                    verification.outcomes(),
                    verification.sessions(),
                    verification.sessions() == 1 ? "" : "s",
                    verification.recordedNs() * NANOS,
                    seconds,
                    speed(verification, seconds)));
            return ExitCode.OK;
        }
    }
}
