package io.marchproxy.l3l4.replay.latency;

import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.PriorityQueue;
import org.jspecify.annotations.Nullable;

/** The lines of several logs in the order of their time, one of each in memory. */
final class MergedLogs implements AutoCloseable {
    private record Head(HlogLine line, HlogFile file) {}

    private final List<HlogFile> files = new ArrayList<>();
    private final PriorityQueue<Head> heads =
            new PriorityQueue<>(Comparator.comparingLong(head -> head.line().startMs()));

    MergedLogs(List<Path> paths) throws IOException {
        try {
            for (Path path : paths) {
                HlogFile file = new HlogFile(path);
                files.add(file);
                advance(file);
            }
        } catch (IOException | RuntimeException e) {
            close();
            throw e;
        }
    }

    /** The next line, or null at the end of all. */
    @Nullable
    HlogLine next() throws IOException {
        Head head = heads.poll();
        if (head == null) {
            return null;
        }
        advance(head.file());
        return head.line();
    }

    private void advance(HlogFile file) throws IOException {
        HlogLine line = file.next();
        if (line != null) {
            heads.add(new Head(line, file));
        }
    }

    /** The files whose last line was cut short, of those read to their end. */
    List<Path> cutShort() {
        return files.stream().filter(HlogFile::isCutShort).map(HlogFile::path).toList();
    }

    @Override
    public void close() throws IOException {
        for (HlogFile file : files) {
            file.close();
        }
    }
}
