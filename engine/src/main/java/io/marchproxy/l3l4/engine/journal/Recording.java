package io.marchproxy.l3l4.engine.journal;

import io.marchproxy.l3l4.stages.packet.EventKind;
import io.marchproxy.l3l4.stages.packet.PacketDescriptor;
import io.marchproxy.l3l4.stages.pipeline.PipelineSettings;
import java.util.concurrent.atomic.AtomicLong;

/**
 * A shard's side of its journal: puts records into the ring, and counts what found no room. Once the ring was full nothing
 * is recorded until half of it is free again, so that there is one gap and not thousands. The pipeline's thread writes.
 */
final class Recording {
    private final JournalRing ring;
    private final Runnable whenFull;

    /** Records put into the ring, and those lost; written by one thread, so adding needs no lock. */
    private final AtomicLong written = new AtomicLong();

    private final AtomicLong lost = new AtomicLong();
    private final Train train;
    private long lostInGap;
    private boolean paused;

    Recording(JournalRing ring) {
        this(ring, () -> {});
    }

    /**
     * A recording whose thread makes room.
     *
     * @param whenFull called when there is none, before anything is lost
     */
    Recording(JournalRing ring, Runnable whenFull) {
        this.ring = ring;
        this.whenFull = whenFull;
        this.train = new Train(this);
    }

    /** Through which events of the mode {@code packets} are recorded, and what comes of them. */
    Train train() {
        return train;
    }

    /** Where the next record may be written; 0 when it is lost. Whatever is in hand goes before it. */
    long claim(int most) {
        train.handOver();
        if (!paused) {
            long at = ring.claim(most);
            if (at == 0) {
                whenFull.run();
                at = ring.claim(most);
            }
            if (at != 0) {
                return at;
            }
            paused = true;
        }
        lostInGap++;
        lost.setOpaque(lost.getPlain() + 1);
        return 0;
    }

    /** Hands over the record at the claimed address. */
    void publish(int length) {
        publish(length, 1);
    }

    /** Hands over what stands at the claimed address for so many records. */
    void publish(int length, int records) {
        written.setOpaque(written.getPlain() + records);
        ring.publish(length);
    }

    /**
     * Where a record may be written that is not to crowd out others: 0 when less than half of the ring is free, or while records
     * are lost. Nothing is lost then.
     */
    long claimSpare(int most) {
        train.handOver();
        return hasSpareRoom() ? ring.claim(most) : 0;
    }

    /** Whether at least half of the ring is free, and no records are being lost. */
    boolean hasSpareRoom() {
        return !paused && ring.hasDrained();
    }

    /** Whether records are being lost, and the next would be as well. */
    boolean isFull() {
        return paused && !ring.hasDrained();
    }

    /** Whether records are being lost. */
    boolean isPaused() {
        return paused;
    }

    /** An event begins, which is where recording may go on after a gap: true when it does. */
    boolean eventBegins() {
        if (paused && ring.hasDrained()) {
            long at = ring.claim(RecordEncoder.LONGEST);
            if (at != 0) {
                paused = false;
                publish(RecordEncoder.gap(at, GapCause.OVERRUN, lostInGap));
                lostInGap = 0;
                return true;
            }
        }
        return false;
    }

    /** Records an event; before a CONFIG event, the settings that it brings. */
    void event(PacketDescriptor event) {
        if (event.kind() == EventKind.CONFIG && event.endpoint() instanceof PipelineSettings settings) {
            text(RecordType.SETTINGS, settings);
        }
        long at = claim(RecordEncoder.LONGEST);
        if (at != 0) {
            publish(RecordEncoder.event(at, event));
        }
    }

    /**
     * Records the first bytes of each datagram, or of the IP packet, that an event brings. Those of a stream are not to be had:
     * they pass in pieces of any length, and most of them never leave the kernel.
     */
    void snap(PacketDescriptor event, int most) {
        long from = event.payloadAddress();
        if (from == 0 || !event.isData()) {
            return;
        }
        int there = event.isIpPacket() ? event.lengthBytes() - (int) event.argument0() : event.lengthBytes();
        int segment = event.packets() > 1 ? event.segmentBytes() : there;
        for (int i = 0; i < event.packets(); i++) {
            int length = Math.min(segment, there - i * segment);
            long at = claim(JournalLayout.SNAP_BYTES + most + Long.BYTES);
            if (at != 0) {
                publish(RecordEncoder.snap(at, from + (long) i * segment, Math.clamp(length, 0, most)));
            }
        }
    }

    /** Records what the writing thread puts into words: a million prefixes take it as long as 30,000 packets would wait. */
    void text(RecordType type, Record value) {
        long at = claim(JournalLayout.TEXT_LENGTH);
        if (at != 0) {
            publishText(at, type, value);
        }
    }

    /** The same where room was claimed; gives the record's length. */
    int publishText(long at, RecordType type, Record value) {
        int length = RecordEncoder.text(at, type);
        written.setOpaque(written.getPlain() + 1);
        ring.publish(length, value);
        return length;
    }

    /** Records put into the ring so far. Any thread. */
    long written() {
        return written.getOpaque();
    }

    /** Records that found no room so far. Any thread. */
    long lost() {
        return lost.getOpaque();
    }
}
