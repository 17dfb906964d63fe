package io.marchproxy.l3l4.engine.journal;

import io.marchproxy.l3l4.stages.packet.DescriptorLayout;
import io.marchproxy.l3l4.stages.packet.Memory;
import io.marchproxy.l3l4.stages.packet.PacketDescriptor;
import io.marchproxy.l3l4.stages.pipeline.Verdict;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;

/**
 * A shard's last EVENT and DECISION, in the ring but not handed over, and how often the same came again. Datagrams of one sender
 * that the kernel merged have all in common, also their time, so that of a train of them one pair goes through the ring with a
 * REPEAT behind it: the shard writes one of them, and the writing thread compares one.
 *
 * <p>The second of a train is known by its bytes, encoded behind the pair, where they would stand anyway. From the third on
 * descriptors are compared instead, as they come in and as they are decided about: a record holds nothing but what stands in
 * those. The pipeline's thread; allocates nothing.
 */
final class Train {
    private static final int DECISION = JournalLayout.DECISION_RELEASE_NS;

    /** An event and an outcome of any kind. */
    private static final int MOST = 2 * RecordEncoder.LONGEST;

    /** A train, and behind it what may be its next pair. */
    private static final int ROOM = MOST + JournalLayout.REPEAT_LENGTH + MOST;

    private final Recording recording;

    /** The pair's address; 0 for none. */
    private long pair;

    private int pairEventBytes;

    /** How often it came again. */
    private int times;

    /** The address of an EVENT without an outcome so far, behind the pair if there is one; 0 for none. */
    private long event;

    private int eventBytes;

    /** Whether that EVENT is the pair's, byte by byte; it is not written then. */
    private boolean isAgain;

    /** Up to where there is room. */
    private long end;

    /** A descriptor of the train as it came in, and as it was decided about, once there was a second. */
    private final MemorySegment descriptors = Arena.ofAuto().allocate(2 * DescriptorLayout.SIZE, DescriptorLayout.SIZE);

    private final long arrived = descriptors.address();
    private final long decided = arrived + DescriptorLayout.SIZE;
    private boolean isArrivalKnown;
    private boolean isDecisionKnown;

    /** That of the decision. */
    private Verdict verdict = Verdict.CONTINUE;

    Train(Recording recording) {
        this.recording = recording;
    }

    /** Records an event; the settings of a CONFIG event are the caller's. */
    void event(PacketDescriptor packet) {
        if (pair != 0 && event == 0 && comesAgain(packet)) {
            event = behind();
            eventBytes = pairEventBytes;
            isAgain = true;
            return;
        }
        long at = recording.claim(ROOM);
        if (at != 0) {
            end = at + ROOM;
            event = at;
            eventBytes = RecordEncoder.event(at, packet);
            isAgain = false;
        }
    }

    private boolean comesAgain(PacketDescriptor packet) {
        if (isArrivalKnown) {
            return cameInAlike(arrived, packet.address());
        }
        long at = behind();
        if (!mayGoOn(packet) || at + JournalLayout.REPEAT_LENGTH + MOST > end) {
            return false;
        }
        isArrivalKnown = RecordEncoder.event(at, packet) == pairEventBytes && isSame(pair, at, pairEventBytes);
        if (isArrivalKnown) {
            Memory.copy(packet.address(), arrived, DescriptorLayout.SIZE);
        }
        return isArrivalKnown;
    }

    /** Most trains end with another time, length or sender: that is seen without encoding it. */
    private boolean mayGoOn(PacketDescriptor packet) {
        return Records.arrivalNs(pair) == packet.arrivalNs()
                && Memory.getInt(pair + JournalLayout.EVENT_LENGTH_BYTES) == packet.lengthBytes()
                && Memory.getShort(pair + JournalLayout.EVENT_SOURCE_PORT) == (short) packet.sourcePort();
    }

    /** Records what came of an event, or of a packet that waited. */
    void outcome(PacketDescriptor packet, Verdict said) {
        if (event == 0) {
            long at = recording.claim(RecordEncoder.LONGEST);
            if (at != 0) {
                recording.publish(RecordEncoder.outcome(at, packet, said));
            }
        } else if (isAgain && isDecidedAgain(packet, said)) {
            event = 0;
            times++;
            if (times == JournalLayout.MOST_TIMES) {
                handOver();
            }
        } else {
            other(packet, said);
        }
    }

    private boolean isDecidedAgain(PacketDescriptor packet, Verdict said) {
        if (isDecisionKnown) {
            return said == verdict && isDecidedAlike(decided, packet.address());
        }
        long at = event + eventBytes;
        isDecisionKnown =
                RecordEncoder.outcome(at, packet, said) == DECISION && isSame(pair + pairEventBytes, at, DECISION);
        if (isDecisionKnown) {
            Memory.copy(packet.address(), decided, DescriptorLayout.SIZE);
            verdict = said;
        }
        return isDecisionKnown;
    }

    /** The train, if there is one, is over, and perhaps another begins. */
    private void other(PacketDescriptor packet, Verdict said) {
        writeEvent();
        int bytes = RecordEncoder.outcome(event + eventBytes, packet, said);
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
        if (event != 0) {
            writeEvent();
            handOverPair();
            recording.publish(eventBytes, 1);
            event = 0;
        } else {
            handOverPair();
        }
    }

    private void writeEvent() {
        if (isAgain) {
            Memory.copy(pair, event, eventBytes);
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
            isArrivalKnown = false;
            isDecisionKnown = false;
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

    /** Looks at all but the payload's address and the likely flow, which are none of a record's. */
    private static boolean cameInAlike(long one, long other) {
        long differences = 0;
        for (int i = 0; i < DescriptorLayout.PAYLOAD_ADDRESS; i += Long.BYTES) {
            differences |= Memory.getLong(one + i) ^ Memory.getLong(other + i);
        }
        for (int i = DescriptorLayout.ARGUMENT_0; i < DescriptorLayout.LIKELY_FLOW; i += Long.BYTES) {
            differences |= Memory.getLong(one + i) ^ Memory.getLong(other + i);
        }
        return differences == 0;
    }

    /**
     * Looks at what stages write, the verdict apart. Field by field: they have written these just now, and a processor waits for bytes that
     * it is to read as a word.
     */
    private static boolean isDecidedAlike(long one, long other) {
        int small = octets(one, other, DescriptorLayout.DROP_REASON)
                | octets(one, other, DescriptorLayout.TRAFFIC_CLASS)
                | octets(one, other, DescriptorLayout.EGRESS_DSCP)
                | octets(one, other, DescriptorLayout.FLAGS)
                | (Memory.getShort(one + DescriptorLayout.RULE) ^ Memory.getShort(other + DescriptorLayout.RULE))
                | (Memory.getInt(one + DescriptorLayout.BACKEND) ^ Memory.getInt(other + DescriptorLayout.BACKEND))
                | (Memory.getInt(one + DescriptorLayout.FLOW_HASH) ^ Memory.getInt(other + DescriptorLayout.FLOW_HASH));
        long large = words(one, other, DescriptorLayout.FLOW_REF)
                | words(one, other, DescriptorLayout.RELEASE_NS)
                | words(one, other, DescriptorLayout.ARGUMENT_1);
        return (small | large) == 0;
    }

    private static int octets(long one, long other, int field) {
        return Memory.getByte(one + field) ^ Memory.getByte(other + field);
    }

    private static long words(long one, long other, int field) {
        return Memory.getLong(one + field) ^ Memory.getLong(other + field);
    }
}
