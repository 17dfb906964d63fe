package io.marchproxy.l3l4.replay;

import io.marchproxy.l3l4.engine.flow.OffHeapFlowTable;
import io.marchproxy.l3l4.engine.journal.JournalException;
import io.marchproxy.l3l4.engine.journal.JournalLayout;
import io.marchproxy.l3l4.engine.journal.JsonPieces;
import io.marchproxy.l3l4.engine.journal.Records;
import io.marchproxy.l3l4.engine.journal.SessionInfo;
import io.marchproxy.l3l4.stages.flow.FlowLayout;
import io.marchproxy.l3l4.stages.packet.Memory;
import io.marchproxy.l3l4.stages.pipeline.StateReader;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/**
 * Puts a checkpoint together from its records, and makes the replay that goes on from there. The file is not trusted: what
 * would lead the replay out of its memory or round in circles is refused. One thread.
 */
final class Restoration implements StateReader {
    /** A checkpoint's numbers fit into half of the service's ring. */
    private static final int MOST_NUMBERS = 1 << 20;

    private final JsonPieces pieces = new JsonPieces();
    private @Nullable SessionInfo session;
    private @Nullable Replay replay;
    private long[] numbers = new long[1024];
    private int count;
    private int read;
    private long slots;

    /**
     * Takes one of a checkpoint's records in, from its first CHECKPOINT on; the next first one begins anew.
     *
     * @return whether it was the last
     * @throws JournalException when it is no checkpoint of a pipeline
     */
    boolean add(long at) throws JournalException {
        try {
            return switch (Records.type(at)) {
                case CHECKPOINT -> head(at);
                case STATE -> state(at);
                case SLOTS -> slots(at);
                case CHECKPOINT_END -> end(at);
                default -> false;
            };
        } catch (IllegalStateException | IllegalArgumentException | IndexOutOfBoundsException e) {
            drop();
            throw new JournalException("the checkpoint in it can't be restored: " + e.getMessage());
        }
    }

    private boolean head(long at) throws JournalException {
        if (Records.isFirstPiece(at)) {
            drop();
        }
        if (pieces.add(at)) {
            session = pieces.session();
        }
        return false;
    }

    private boolean state(long at) {
        int more = Memory.getInt(at + JournalLayout.STATE_COUNT);
        if (Memory.getInt(at + JournalLayout.STATE_INDEX) != count || count + more > MOST_NUMBERS) {
            throw new IllegalStateException("numbers are missing after the first " + count);
        }
        numbers = Arrays.copyOf(numbers, Math.max(numbers.length, Integer.highestOneBit(count + more) << 1));
        for (int i = 0; i < more; i++) {
            numbers[count++] = Memory.getLong(at + JournalLayout.STATE_NUMBERS + (long) i * Long.BYTES);
        }
        return false;
    }

    private boolean slots(long at) throws JournalException {
        OffHeapFlowTable flows = begun().flows();
        int first = Memory.getInt(at + JournalLayout.SLOTS_FIRST);
        int here = Memory.getInt(at + JournalLayout.SLOTS_COUNT);
        long inUse = Memory.getLong(at + JournalLayout.SLOTS_IN_USE);
        long from = at + JournalLayout.SLOTS_ENTRIES;
        for (int i = 0; i < here; i++) {
            if ((inUse & 1L << i) != 0) {
                Memory.copy(from, flows.restoreSlot(first + i), FlowLayout.SIZE);
                from += FlowLayout.SIZE;
            } else {
                flows.restoreFree(first + i, Memory.getInt(from), Memory.getInt(from + Integer.BYTES));
                from += JournalLayout.FREE_SLOT;
            }
        }
        slots += here;
        return false;
    }

    private boolean end(long at) throws JournalException {
        Replay restored = begun();
        if (Memory.getLong(at + JournalLayout.CHECKPOINT_NUMBERS) != count
                || slots != restored.flows().slots()) {
            throw new IllegalStateException("parts of it are missing");
        }
        restored.flows().restored();
        restored.pipeline().restore(this);
        if (read != count) {
            throw new IllegalStateException((count - read) + " numbers in it belong to no stage");
        }
        return true;
    }

    /** The replay, whose flow table is being filled. */
    private Replay begun() throws JournalException {
        Replay making = replay;
        if (making == null) {
            SessionInfo known = session;
            if (known == null) {
                throw new IllegalStateException("its first record is missing");
            }
            making = new Replay(known, known.settings());
            replay = making;
            making.flows().restore(this);
        }
        return making;
    }

    /** Whether a checkpoint has begun. */
    boolean isUnderWay() {
        return session != null || count > 0;
    }

    /** The session, with the settings in force at the complete checkpoint. */
    SessionInfo session() {
        SessionInfo known = session;
        if (known == null) {
            throw new IllegalStateException("a complete checkpoint has a session");
        }
        return known;
    }

    /** Hands the replay of the complete checkpoint over. */
    Replay take() {
        Replay complete = replay;
        if (complete == null) {
            throw new IllegalStateException("a complete checkpoint has a replay");
        }
        replay = null;
        return complete;
    }

    /** Lets go of what has been put together. */
    void drop() {
        Replay unfinished = replay;
        if (unfinished != null) {
            unfinished.close();
        }
        replay = null;
        session = null;
        count = 0;
        read = 0;
        slots = 0;
    }

    @Override
    public long number() {
        if (read == count) {
            throw new IllegalStateException("it ends too early");
        }
        return numbers[read++];
    }

    @Override
    public void block(long address, int bytes) {
        for (int i = 0; i < bytes; i += Long.BYTES) {
            Memory.putLong(address + i, number());
        }
    }
}
