package io.marchproxy.l3l4.replay;

import io.marchproxy.l3l4.engine.journal.JournalReader;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import picocli.CommandLine.Parameters;

/** The folder that a command looks at. */
public final class JournalArgument {
    @Parameters(
            paramLabel = "DIR",
            description = "The service's data-dir, the folder journal in it, or one shard's folder. Only read.")
    private Path folder;

    /** As it was given. */
    Path folder() {
        return folder;
    }

    /** The shards' folders. */
    public List<Path> shards() throws IOException {
        return JournalReader.shards(folder);
    }

    /** When the earliest session that is there began, in milliseconds since 1970. */
    public long firstMs() throws IOException {
        long firstMs = Long.MAX_VALUE;
        for (Path shard : shards()) {
            try (JournalReader reader = new JournalReader(shard)) {
                if (reader.next()) {
                    firstMs = Math.min(firstMs, reader.session());
                }
            }
        }
        return firstMs;
    }
}
