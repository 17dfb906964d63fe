package io.marchproxy.l3l4.replay;

import io.marchproxy.l3l4.engine.journal.JournalReader;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.ExitCode;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Spec;

/** What is in a journal. */
@Command(
        name = "stats",
        mixinStandardHelpOptions = true,
        description = "Counts what is in a journal: sessions, events by kind, verdicts, drops by reason, gaps.",
        exitCodeListHeading = "%nExit codes:%n",
        exitCodeList = {"0:read to its end", "2:the journal can't be read"})
final class StatsCommand implements Callable<Integer> {
    @Mixin
    private JournalArgument journal;

    @Spec
    private CommandSpec spec;

    @Override
    public Integer call() throws IOException {
        PrintWriter out = spec.commandLine().getOut();
        for (Path shard : journal.shards()) {
            String name = String.valueOf(shard.getFileName());
            ProgressLine progress = ProgressLine.onTerminal();
            long all = JournalReader.bytes(shard);
            Tally tally = new Tally();
            try (JournalReader reader = new JournalReader(shard)) {
                while (reader.next()) {
                    tally.document(reader);
                    progress.show(name, reader.bytesRead(), all);
                }
            } finally {
                progress.clear();
            }
            out.printf("%s: %,d bytes of files%n", name, all);
            tally.lines().forEach(line -> out.println("  " + line));
        }
        return ExitCode.OK;
    }
}
