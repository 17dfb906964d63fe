package io.marchproxy.l3l4.engine.journal;

import io.marchproxy.l3l4.stages.packet.Memory;
import io.marchproxy.l3l4.stages.packet.PacketDescriptor;
import io.marchproxy.l3l4.stages.pipeline.Verdict;

/**
 * A shard's last EVENT and DECISION, in the ring but not handed over, and how often the same came again. Datagrams of one sender that the
 * kernel merged have all in common, also their time, so that of a train of them one pair goes through the ring with a REPEAT
 * behind it, and the writing thread compares one pair and not each.
 *
 * <p>What a shard says next is always encoded behind the pair, as it would be anyway; only when it is the same, byte by byte,
 * the next is written over it. The pipeline's thread; allocates nothing.
 */
final class Train {
    /** An event and an outcome of any kind. */
    private static final int MOST = 2 * RecordEncoder.LONGEST;

    /** A train, and behind it what may be its next pair. */
    private static final int ROOM = 2 * MOST + JournalLayout.REPEAT_LENGTH;

    private static final int DECISION = JournalLayout.DECISION_RELEASE_NS;

    private final Recording recording;

    /** The pair's address; 0 for none. */
    private long pair;

    private int pairEventBytes;

    /** How often it came again. */
    private int times;

    /** The address of an EVENT without an outcome so far, behind the pair if there is one; 0 for none. */
    private long event;

    private int eventBytes;

    /** Whether that EVENT is the pair's, byte by byte. */
    private boolean isAgain;

    /** Up to where there is room. */
    private long end;

    Train(Recording recording) {
        this.recording = recording;
    }

    /** Records an event; a CONFIG event's settings are the caller's. */
    void event(PacketDescriptor arrived) {
        if (pair != 0 && event == 0 && goesOn(arrived)) {
            return;
        }
        long at = recording.claim(ROOM);
        if (at != 0) {
            end = at + ROOM;
            event = at;
            eventBytes = RecordEncoder.event(at, arrived);
            isAgain = false;
        }
    }

    private boolean goesOn(PacketDescriptor arrived) {
        long at = behind();
        if (!mayGoOn(arrived) || at + MOST > end) {
            return false;
        }
        int bytes = RecordEncoder.event(at, arrived);
        if (bytes != pairEventBytes || !isSame(pair, at, bytes)) {
            return false;
        }
        event = at;
        eventBytes = bytes;
        isAgain = true;
        return true;
    }

    /** Most trains end with another time, length or sender: that is seen without encoding it. */
    private boolean mayGoOn(PacketDescriptor arrived) {
        return Records.arrivalNs(pair) == arrived.arrivalNs()
                && Memory.getInt(pair + JournalLayout.EVENT_LENGTH_BYTES) == arrived.lengthBytes()
                && Memory.getShort(pair + JournalLayout.EVENT_SOURCE_PORT) == (short) arrived.sourcePort();
    }

    /** Records what came of an event, or of a packet that waited. */
    void outcome(PacketDescriptor packet, Verdict verdict) {
        if (event == 0) {
            long at = recording.claim(RecordEncoder.LONGEST);
            if (at != 0) {
                recording.publish(RecordEncoder.outcome(at, packet, verdict));
            }
            return;
        }
        long at = event + eventBytes;
        int bytes = RecordEncoder.outcome(at, packet, verdict);
        if (isAgain && bytes == DECISION && isSame(pair + pairEventBytes, at, bytes)) {
            event = 0;
            if (++times == JournalLayout.MOST_TIMES) {
                handOver();
            }
            return;
        }
        handOverPair();
        if (DocumentPacker.isPair(event, eventBytes, eventBytes + bytes)) {
            pair = event;
            pairEventBytes = eventBytes;
        } else {
            recording.publish(eventBytes + bytes, 2);
        }
        event = 0;
    }

    /** Hands over what is in hand. */
    void handOver() {
        handOverPair();
        if (event != 0) {
            recording.publish(eventBytes, 1);
            event = 0;
        }
    }

    private void handOverPair() {
        if (pair != 0) {
            if (times > 0) {
                RecordEncoder.repeat(pair + pairEventBytes + DECISION, 0, pair, times);
            }
            recording.publish((int) (behind() - pair), 2 + 2 * times);
            pair = 0;
            times = 0;
        }
    }

    /** Where what comes behind the pair belongs. */
    private long behind() {
        return pair + pairEventBytes + DECISION + (times > 0 ? JournalLayout.REPEAT_LENGTH : 0);
    }

    private static boolean isSame(long one, long other, int bytes) {
        long differences = 0;
        for (int i = 0; i < bytes; i += Long.BYTES) {
            differences |= Memory.getLong(one + i) ^ Memory.getLong(other + i);
        }
        return differences == 0;
    }
}
