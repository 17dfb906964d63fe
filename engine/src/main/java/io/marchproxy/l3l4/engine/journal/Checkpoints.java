package io.marchproxy.l3l4.engine.journal;

import io.marchproxy.l3l4.engine.flow.OffHeapFlowTable;
import io.marchproxy.l3l4.engine.flow.SlotCopier;
import io.marchproxy.l3l4.stages.flow.FlowLayout;
import io.marchproxy.l3l4.stages.packet.Memory;
import io.marchproxy.l3l4.stages.pipeline.Pipeline;
import io.marchproxy.l3l4.stages.pipeline.PipelineSettings;
import io.marchproxy.l3l4.stages.pipeline.StateWriter;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.Nullable;

/**
 * Writes a shard's whole state into its journal when it is asked to, so that a replay can begin there. The pipeline's thread;
 * others ask and count.
 *
 * <p>The stages' own state is written at once, between two events. The flow table may be large, so its slots follow among the
 * records of the events to come: a few with each event, and those that an event is about to use before it does. Packets come
 * first: a checkpoint that would leave them less than half of the ring is given up, and tried again a second later.
 */
final class Checkpoints implements StateWriter, SlotCopier {
    private static final int MOST_NUMBERS = (JournalLayout.LONGEST_RECORD - JournalLayout.STATE_NUMBERS) / Long.BYTES;
    private static final int MOST_SLOT_BYTES = JournalLayout.SLOTS_ENTRIES + SlotCopier.MOST * FlowLayout.SIZE;
    private static final long RETRY_NS = TimeUnit.SECONDS.toNanos(1);

    private final Recording recording;
    private final OffHeapFlowTable flows;
    private final AtomicLong complete = new AtomicLong();
    private final AtomicLong givenUp = new AtomicLong();
    private final AtomicLong lastBytes = new AtomicLong();
    private SessionInfo session;
    private @Nullable Pipeline pipeline;

    /** Set by any thread; read for each event. */
    private volatile boolean wanted;

    private boolean running;
    private boolean failed;
    private long notBeforeNs = Long.MIN_VALUE;

    /** Where the STATE record at hand is written. */
    private long record;

    private int inRecord;
    private int numbers;
    private int slots;
    private long bytes;

    /** None so far. */
    Checkpoints(Recording recording, OffHeapFlowTable flows, SessionInfo begun) {
        this.recording = recording;
        this.flows = flows;
        this.session = begun;
    }

    void follows(Pipeline followed) {
        pipeline = followed;
    }

    /** Asks for one, as soon as there is room. Any thread. */
    void want() {
        wanted = true;
    }

    /** Whether one was asked for that has not begun. Any thread. */
    boolean isWanted() {
        return wanted;
    }

    /** Bytes of the last one's records, but for the session's text. Any thread. */
    long lastBytes() {
        return lastBytes.getOpaque();
    }

    /** Those that are complete. Any thread. */
    long complete() {
        return complete.getOpaque();
    }

    /** Those that were given up. Any thread. */
    long givenUp() {
        return givenUp.getOpaque();
    }

    /** Other settings come into force with the event that was recorded last. */
    void configured(PipelineSettings settings) {
        session = session.with(settings);
    }

    /** Begins a checkpoint, or goes on with it: an event of a time is about to be recorded, and nothing of it has been handled. */
    void turn(long nowNs) {
        if (running) {
            goOn(nowNs);
        } else if (wanted && nowNs >= notBeforeNs) {
            begin(nowNs);
        }
    }

    private void begin(long nowNs) {
        Pipeline whose = pipeline;
        if (whose == null || recording.isPaused() || !whose.remembered().isBriefToSave()) {
            return;
        }
        wanted = false;
        failed = false;
        numbers = 0;
        bytes = 0;
        slots = flows.slots();
        writeSession();
        flows.save(this);
        whose.save(this);
        endRecord();
        if (!failed) {
            flows.beginCopy(this);
            running = true;
        }
        goOn(nowNs);
    }

    private void writeSession() {
        long at = claim(JournalLayout.TEXT_LENGTH);
        if (at != 0) {
            bytes += recording.publishText(at, RecordType.CHECKPOINT, session);
        }
    }

    @Override
    public void number(long value) {
        if (beginRecord()) {
            Memory.putLong(record + JournalLayout.STATE_NUMBERS + (long) inRecord * Long.BYTES, value);
            inRecord++;
            numbers++;
        }
    }

    @Override
    public void block(long address, int length) {
        int done = 0;
        while (done < length && beginRecord()) {
            int piece = Math.min((length - done) / Long.BYTES, MOST_NUMBERS - inRecord);
            Memory.copy(
                    address + done,
                    record + JournalLayout.STATE_NUMBERS + (long) inRecord * Long.BYTES,
                    (long) piece * Long.BYTES);
            inRecord += piece;
            numbers += piece;
            done += piece * Long.BYTES;
        }
    }

    /** Sees to a record with room for a number. */
    private boolean beginRecord() {
        if (inRecord == MOST_NUMBERS) {
            endRecord();
        }
        if (inRecord == 0) {
            record = claim(JournalLayout.LONGEST_RECORD);
        }
        return !failed;
    }

    private void endRecord() {
        if (inRecord > 0) {
            publish(RecordEncoder.state(record, numbers - inRecord, inRecord));
            inRecord = 0;
        }
    }

    /** Hands over more slots, as long as there is room. */
    private void goOn(long nowNs) {
        if (!failed && recording.hasSpareRoom() && !flows.copyOn()) {
            long at = claim(RecordEncoder.LONGEST);
            if (at != 0) {
                publish(RecordEncoder.checkpointEnd(at, numbers, slots));
                running = false;
                complete.setOpaque(complete.getPlain() + 1);
                lastBytes.setOpaque(bytes);
            }
        }
        if (failed || recording.isPaused()) {
            giveUp(nowNs);
        }
    }

    @Override
    public void copy(int firstSlot, int count) {
        long at = claim(MOST_SLOT_BYTES);
        if (at == 0) {
            // An event is using the table: it is not kept waiting, and the next one gives the checkpoint up.
            flows.endCopy();
            return;
        }
        publish(RecordEncoder.slots(at, flows, firstSlot, count));
    }

    private long claim(int most) {
        long at = failed ? 0 : recording.claimSpare(most);
        failed = at == 0;
        return at;
    }

    private void publish(int length) {
        bytes += length;
        recording.publish(length);
    }

    private void giveUp(long nowNs) {
        flows.endCopy();
        running = false;
        wanted = true;
        notBeforeNs = nowNs + RETRY_NS;
        givenUp.setOpaque(givenUp.getPlain() + 1);
    }
}
