package io.marchproxy.l3l4.replay;

import io.marchproxy.l3l4.engine.journal.JournalReader;
import io.marchproxy.l3l4.engine.journal.JsonPieces;
import io.marchproxy.l3l4.engine.journal.RecordType;
import io.marchproxy.l3l4.engine.journal.Records;
import io.marchproxy.l3l4.stages.packet.EventKind;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.Callable;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import picocli.CommandLine.Command;
import picocli.CommandLine.ExitCode;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** The last records of a journal, and those that come. */
@Command(
        name = "tail",
        mixinStandardHelpOptions = true,
        description =
                "Shows the last records of each shard's journal, one a line; with --follow also those that come, until"
                        + " it is interrupted.",
        exitCodeListHeading = "%nExit codes:%n",
        exitCodeList = {"0:done", "2:the journal can't be read"})
final class TailCommand implements Callable<Integer> {
    private static final long LOOK_MS = 50;

    @Mixin
    private JournalArgument journal;

    @Option(
            names = {"-n", "--records"},
            paramLabel = "N",
            defaultValue = "10",
            description =
                    "Records of each shard to begin with, of its last file; 0 for none. Default: ${DEFAULT-VALUE}.")
    private int records;

    @Option(
            names = {"-f", "--follow"},
            description = "Goes on with what comes.")
    private boolean follow;

    @Option(
            names = {"-k", "--kind"},
            paramLabel = "KIND",
            split = ",",
            description = "Only events of these kinds, and what was decided about them: ${COMPLETION-CANDIDATES}.")
    private Set<EventKind> kinds = EnumSet.noneOf(EventKind.class);

    @Spec
    private CommandSpec spec;

    /** A shard that is read on and on, with the names of the session at hand where its begin was read. */
    private static final class Shard {
        private final String name;
        private final JournalReader reader;
        private final JsonPieces pieces = new JsonPieces();
        private final Set<EventKind> kinds;
        private RecordText text = new RecordText(null);

        /** Whether the last event is shown, and so what was decided about it. */
        private boolean showsEvent;

        Shard(Path folder, Set<EventKind> kinds) {
            name = String.valueOf(folder.getFileName());
            reader = new JournalReader(folder);
            this.kinds = kinds;
        }

        void lines(Consumer<String> into) throws IOException {
            long number = reader.firstRecord();
            for (long at = reader.recordsAt(); at < reader.recordsEnd(); at += Records.length(at)) {
                RecordType type = Records.type(at);
                if ((type == RecordType.SESSION || type == RecordType.CHECKPOINT) && pieces.add(at)) {
                    text = new RecordText(pieces.session());
                }
                if (isShown(type, at)) {
                    into.accept(name + " " + number + "  " + text.line(at));
                }
                number++;
            }
        }

        private boolean isShown(RecordType type, long at) {
            if (kinds.isEmpty()) {
                return true;
            }
            if (type == RecordType.EVENT) {
                showsEvent = kinds.contains(Records.kind(at));
            }
            return switch (type) {
                case EVENT, DECISION, SNAP -> showsEvent;
                case RELEASE -> kinds.contains(EventKind.DATA);
                default -> false;
            };
        }
    }

    @Override
    public Integer call() throws IOException, InterruptedException {
        if (records < 0) {
            throw new ParameterException(spec.commandLine(), "--records must be 0 or more, not " + records);
        }
        PrintWriter out = spec.commandLine().getOut();
        List<Shard> shards = new ArrayList<>();
        try {
            for (Path folder : journal.shards()) {
                Shard shard = new Shard(folder, kinds);
                shards.add(shard);
                shard.reader.toLastFile();
            }
            for (Shard shard : shards) {
                ArrayDeque<String> last = new ArrayDeque<>();
                while (shard.reader.next()) {
                    shard.lines(last::add);
                    while (last.size() > records) {
                        last.removeFirst();
                    }
                }
                last.forEach(out::println);
            }
            // Flushes as well. Nobody reads on when what it is piped into has ended.
            while (!out.checkError() && follow) {
                boolean any = false;
                for (Shard shard : shards) {
                    while (shard.reader.next()) {
                        any = true;
                        shard.lines(out::println);
                    }
                }
                if (!any) {
                    TimeUnit.MILLISECONDS.sleep(LOOK_MS);
                }
            }
        } finally {
            for (Shard shard : shards) {
                shard.reader.close();
            }
        }
        return ExitCode.OK;
    }
}
