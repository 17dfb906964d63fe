package io.marchproxy.l3l4.engine.journal;

import io.marchproxy.l3l4.engine.journal.JournalStatus.State;
import io.marchproxy.l3l4.stages.packet.Memory;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * One shard's journal on the writing thread's side: makes documents of what waits in the ring, and appends them. What can't be
 * written is counted and gone: the ring must go on emptying, since the shard waits for nothing. Says so once when it begins
 * and once when it is over; tries again every second, in a new file that begins with a GAP.
 */
final class ShardLog {
    private static final Logger LOG = LoggerFactory.getLogger(ShardLog.class);
    private static final long RETRY_NS = TimeUnit.SECONDS.toNanos(1);
    private static final long RECORDS_PER_CHECKPOINT = 8;
    private static final long PRUNE_NS = TimeUnit.MINUTES.toNanos(1);

    private final int shard;
    private final Path folder;
    private final long budgetBytes;
    private final long maxAgeMs;
    private final long session;
    private final JournalClock clock;
    private final JournalRing ring;
    private final Recording recording;
    /** Of the next document, and a record that says what is missing. */
    private final long header;

    private final long gap;

    private final int[] found = new int[1];
    private final TextPieces texts;
    private final AtomicLong written = new AtomicLong();
    private final AtomicLong writtenBytes = new AtomicLong();
    private final AtomicLong discarded = new AtomicLong();
    private volatile State state = State.OPENING;
    private volatile long diskBytes;
    private @Nullable JournalStore store;
    private long nextRecord;
    private long retryNs;
    private long pruneNs;
    private long lostInGap;

    /** Bytes of records since the last checkpoint was asked for. */
    private long sinceCheckpoint;

    /** Of what the session is, in the last checkpoint. */
    private long checkpointTextBytes;

    private @Nullable Checkpoints checkpoints;
    private @Nullable Runnable sessionWanted;
    private boolean lacksCheckpoints;

    /** More waits than the last document had room for. */
    private boolean isCut;

    private boolean barred;
    private GapCause gapCause = GapCause.WRITE_FAILED;

    ShardLog(
            Arena arena,
            int shard,
            Path folder,
            long budgetBytes,
            long maxAgeMs,
            long session,
            JournalClock clock,
            JournalRing ring) {
        this.shard = shard;
        this.folder = folder;
        this.budgetBytes = budgetBytes;
        this.maxAgeMs = maxAgeMs;
        this.session = session;
        this.clock = clock;
        this.ring = ring;
        this.recording = new Recording(ring);
        this.header = arena.allocate(JournalLayout.DOCUMENT_HEADER, 64).address();
        this.gap = arena.allocate(RecordEncoder.LONGEST, 64).address();
        this.texts = new TextPieces(arena);
        this.pruneNs = System.nanoTime() + PRUNE_NS;
        this.retryNs = System.nanoTime();
    }

    /** Says whom to ask for a checkpoint when a file begins. Before the writing thread begins. */
    void wants(Checkpoints fromNowOn) {
        checkpoints = fromNowOn;
    }

    /** Says whom to ask for the session's settings when a file begins. Before the writing thread begins. */
    void wantsSession(Runnable fromNowOn) {
        sessionWanted = fromNowOn;
    }

    Recording recording() {
        return recording;
    }

    /** Whether what waits would be half a document already. Writing thread. */
    boolean isBehind() {
        return texts.isUnderWay() || isCut || ring.waiting() > JournalLayout.LONGEST_DOCUMENT / 2;
    }

    /** Whether records wait that take more than half of the ring. Any thread. */
    boolean isHalfFull() {
        return ring.waiting() > ring.capacity() / 2;
    }

    /** Writes one document of what waits. False when nothing did. Writing thread. */
    boolean turn() {
        isCut = false;
        long nowNs = System.nanoTime();
        if (store == null && nowNs - retryNs >= 0) {
            open(nowNs);
        }
        if (store != null && nowNs - pruneNs >= 0) {
            pruneNs = nowNs + PRUNE_NS;
            store.prune();
            diskBytes = store.diskBytes();
        }
        if (state == State.OPENING) {
            return false;
        }
        if (texts.isUnderWay()) {
            writeText();
            return true;
        }
        int length = ring.find(JournalLayout.LONGEST_DOCUMENT - JournalLayout.DOCUMENT_HEADER, found);
        if (length == 0) {
            return false;
        }
        if (Records.type(ring.found()) == RecordType.TEXT) {
            beginText();
        } else {
            write(ring.found(), length, found[0]);
        }
        isCut = !ring.hasFoundAll();
        ring.release();
        return true;
    }

    private void open(long nowNs) {
        retryNs = nowNs + RETRY_NS;
        if (barred) {
            return;
        }
        try {
            if (state == State.DISK_FULL && !DiskSpace.hasRoomAgain(folder)) {
                return;
            }
            JournalStore opened = newStore();
            store = opened;
            if (lostInGap > 0) {
                appendOrBeginAnew(opened, gap, RecordEncoder.gap(gap, gapCause, lostInGap), 1);
                LOG.warn("journal of shard {}: recording again; {} records are missing", shard, lostInGap);
                lostInGap = 0;
                if (checkpoints != null) {
                    checkpoints.want();
                }
            }
            state = State.RECORDING;
            diskBytes = opened.diskBytes();
        } catch (IOException | RuntimeException | Error e) {
            suspend(e);
        }
    }

    /** A queue in the folder; when Chronicle can't go on from what an earlier one left there, beside that. */
    private JournalStore newStore() throws IOException {
        try {
            return new JournalStore(folder, budgetBytes, maxAgeMs, clock);
        } catch (DiskFullException e) {
            throw e;
        } catch (IOException | RuntimeException | Error e) {
            setAside(e);
            return new JournalStore(folder, budgetBytes, maxAgeMs, clock);
        }
    }

    private void setAside(Throwable reason) throws IOException {
        if (Files.isDirectory(folder) && Retention.setAside(folder)) {
            LOG.warn(
                    "journal of shard {}: the files in {} can't be gone on from ({}); they are kept, with .old behind their"
                            + " names, and a new one is begun",
                    shard,
                    folder,
                    describe(reason));
        }
    }

    /** Puts the TEXT that was found into words. One that can't be is lost, and the thread goes on for the other shards. */
    private void beginText() {
        try {
            texts.begin(Records.textType(ring.found()), ring.text());
        } catch (RuntimeException | Error e) {
            suspend(e);
            lost(1);
        }
    }

    /** Writes a document of the text that is under way. */
    private void writeText() {
        int length = texts.next();
        write(texts.address(), length, texts.count());
        if (texts.type() == RecordType.CHECKPOINT) {
            checkpointTextBytes = texts.length();
            // Or one that is longer than a file would ask for the next by itself.
            sinceCheckpoint = Math.max(0, sinceCheckpoint - length);
        }
    }

    private void write(long records, int length, int count) {
        JournalStore open = store;
        if (open != null) {
            try {
                appendOrBeginAnew(open, records, length, count);
                written.setOpaque(written.getPlain() + count);
                return;
            } catch (IOException | RuntimeException | Error e) {
                suspend(e);
            }
        }
        lost(count);
    }

    private void lost(int count) {
        nextRecord += count;
        lostInGap += count;
        discarded.setOpaque(discarded.getPlain() + count);
    }

    /** The first document shows whether Chronicle can go on from what is there. */
    private void appendOrBeginAnew(JournalStore open, long records, int length, int count) throws IOException {
        try {
            append(open, records, length, count);
        } catch (DiskFullException e) {
            throw e;
        } catch (IOException | RuntimeException | Error e) {
            if (open.hasWritten()) {
                throw e;
            }
            closeStore();
            setAside(e);
            JournalStore another = new JournalStore(folder, budgetBytes, maxAgeMs, clock);
            store = another;
            append(another, records, length, count);
        }
    }

    private void append(JournalStore open, long records, int length, int count) throws IOException {
        Memory.putInt(header + JournalLayout.DOCUMENT_MAGIC, JournalLayout.MAGIC);
        Memory.putInt(header + JournalLayout.DOCUMENT_VERSION, JournalLayout.VERSION);
        Memory.putLong(header + JournalLayout.DOCUMENT_FIRST, nextRecord);
        Memory.putInt(header + JournalLayout.DOCUMENT_RECORDS, count);
        Memory.putLong(header + JournalLayout.DOCUMENT_SESSION, session);
        boolean beganFile = open.append(header, records, length);
        sinceCheckpoint += open.packedBytes();
        writtenBytes.setOpaque(writtenBytes.getPlain() + open.packedBytes());
        if (beganFile && nextRecord > 0) {
            wantCheckpoint();
        }
        nextRecord += count;
    }

    /**
     * Asks for a checkpoint, or what the session is, at a file's begin, so that what is left can be verified when older files are
     * gone. One that is large comes more seldom: an eighth of what is recorded at the most, unless the budget is so small that
     * none would be left.
     */
    private void wantCheckpoint() {
        Checkpoints asked = checkpoints;
        long bytes = checkpointTextBytes + (asked == null ? 0 : asked.lastBytes());
        if (sinceCheckpoint < Math.min(RECORDS_PER_CHECKPOINT * bytes, budgetBytes / 4)) {
            return;
        }
        if (sessionWanted != null) {
            sinceCheckpoint = 0;
            sessionWanted.run();
        }
        if (asked == null) {
            return;
        }
        boolean lacking = asked.isWanted();
        if (lacking && !lacksCheckpoints) {
            LOG.warn(
                    "journal of shard {}: no room for a checkpoint beside the traffic since the last file began:"
                            + " when older files are gone, what follows can't be verified until there is one",
                    shard);
        }
        lacksCheckpoints = lacking;
        sinceCheckpoint = 0;
        asked.want();
    }

    /** Writes nothing until {@link #look} is called: the folder is not ours. Writing thread. */
    void bar(IOException reason) {
        barred = true;
        suspend(reason);
    }

    /** The folder is ours: sees whether the file that is written is in it, and begins another if it is not. Writing thread. */
    void look() {
        barred = false;
        JournalStore open = store;
        if (open != null && !open.isThere()) {
            LOG.error("journal of shard {}: {} was removed or renamed; recording goes on in a new one", shard, folder);
            closeStore();
            open(System.nanoTime());
            Checkpoints asked = checkpoints;
            if (asked != null) {
                asked.want();
            }
        }
    }

    /** Stops writing until it is tried again. */
    private void suspend(Throwable error) {
        boolean full = error instanceof DiskFullException;
        State next = full ? State.DISK_FULL : State.FAILED;
        gapCause = full ? GapCause.DISK_FULL : GapCause.WRITE_FAILED;
        if (state != next) {
            LOG.error(
                    "journal of shard {}: {}; nothing is recorded until that is over, traffic goes on: {}",
                    shard,
                    gapCause.sentence(),
                    describe(error));
        }
        state = next;
        retryNs = System.nanoTime() + RETRY_NS;
        closeStore();
    }

    /** Our own messages are sentences; of others the kind says more than the message, which may quote what a file holds. */
    private static String describe(Throwable error) {
        boolean isOurs = error instanceof DiskFullException || error instanceof JournalException;
        String text = isOurs ? String.valueOf(error.getMessage()) : error.toString();
        return text.replaceAll("\\p{Cntrl}+", " ").strip();
    }

    /** Writes what waits still, and closes the queue. Writing thread, the shard's having ended. */
    void close() {
        retryNs = System.nanoTime();
        boolean more = true;
        while (more) {
            more = turn();
        }
        closeStore();
        state = State.CLOSED;
    }

    private void closeStore() {
        JournalStore open = store;
        store = null;
        if (open != null) {
            try {
                diskBytes = open.diskBytes();
                open.close();
            } catch (IOException | RuntimeException e) {
                LOG.warn("journal of shard {}: {}", shard, e.toString());
            }
        }
    }

    /** Any thread. */
    JournalStatus status() {
        Checkpoints asked = checkpoints;
        return new JournalStatus(
                shard,
                state,
                written.getOpaque(),
                recording.lost() + discarded.getOpaque(),
                writtenBytes.getOpaque(),
                ring.waiting(),
                diskBytes,
                asked == null ? 0 : asked.complete(),
                asked == null ? 0 : asked.givenUp());
    }
}
