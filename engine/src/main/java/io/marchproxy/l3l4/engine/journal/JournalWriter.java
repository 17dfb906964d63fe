package io.marchproxy.l3l4.engine.journal;

import io.marchproxy.l3l4.config.settings.JournalSettings;
import io.marchproxy.l3l4.stages.pipeline.Journal;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.foreign.Arena;
import java.nio.file.Path;
import java.time.InstantSource;

/**
 * Writes the journal of a pipeline that no service runs, such as one that a capture is put through. One thread does both, so
 * nothing is lost: when the ring between the two halves is full, it is written out first, and when that fails, so does the
 * recording.
 */
public final class JournalWriter implements AutoCloseable {
    private final Arena arena = Arena.ofShared();
    private final FolderLock lock;
    private final ShardLog log;
    private final PacketRecorder recorder;

    /**
     * Begins a session of the mode {@code packets}, for good: nothing is deleted for its size or age.
     *
     * @param dataDir under which {@code journal/shard-0} is written
     * @param session how the pipeline begins
     * @param snapBytes of each packet that are recorded with it; 0 for none
     * @throws JournalException when the folder can't be used, or another process does
     */
    public JournalWriter(Path dataDir, SessionInfo session, int snapBytes) throws JournalException {
        Path folder = dataDir.resolve("journal");
        lock = Journals.lock(folder);
        JournalRing ring = new JournalRing(arena, JournalRing.SHARD_BYTES);
        log = new ShardLog(
                arena,
                session.shard(),
                folder.resolve("shard-" + session.shard()),
                JournalSettings.LARGEST_BYTES,
                JournalSettings.LONGEST_AGE.toMillis(),
                System.currentTimeMillis(),
                new JournalClock(InstantSource.system()),
                ring);
        Recording recording = new Recording(ring, this::drain);
        recording.text(RecordType.SESSION, session);
        recorder = new PacketRecorder(recording, null, snapBytes);
    }

    /**
     * What the pipeline tells its events and decisions to.
     *
     * <p>Throws {@link UncheckedIOException} with a {@link JournalException} when the disk does not take them.
     */
    public Journal journal() {
        return recorder;
    }

    private void drain() {
        boolean more = true;
        while (more) {
            more = log.turn();
        }
        JournalStatus.State state = log.status().state();
        if (state != JournalStatus.State.RECORDING) {
            throw new UncheckedIOException(new JournalException("the journal can't be written: "
                    + (state == JournalStatus.State.DISK_FULL ? GapCause.DISK_FULL : GapCause.WRITE_FAILED)
                            .sentence()));
        }
    }

    /**
     * Records the session's end, and writes what waits.
     *
     * @param nowNs the pipeline's time
     * @throws JournalException when the disk does not take it
     */
    public void end(long nowNs) throws JournalException {
        try {
            recorder.end(nowNs);
            drain();
        } catch (UncheckedIOException e) {
            throw e.getCause() instanceof JournalException cause ? cause : new JournalException(e.toString());
        }
    }

    /** Closes the files. A session that was not ended before is one without an end. */
    @Override
    public void close() {
        log.close();
        arena.close();
        try {
            lock.close();
        } catch (IOException e) {
            // The lock is gone with the process at the latest.
        }
    }
}
