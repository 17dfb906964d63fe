package io.marchproxy.l3l4.replay;

import io.marchproxy.l3l4.engine.journal.JournalException;
import io.marchproxy.l3l4.engine.journal.JournalLayout;
import io.marchproxy.l3l4.engine.journal.JournalReader;
import io.marchproxy.l3l4.engine.journal.JsonPieces;
import io.marchproxy.l3l4.engine.journal.Records;
import io.marchproxy.l3l4.engine.journal.SessionInfo;
import io.marchproxy.l3l4.replay.FlowTrack.Made;
import io.marchproxy.l3l4.replay.flows.PacketFilter;
import io.marchproxy.l3l4.replay.pcap.PacketForge;
import io.marchproxy.l3l4.stages.packet.DescriptorFlags;
import io.marchproxy.l3l4.stages.packet.DescriptorLayout;
import io.marchproxy.l3l4.stages.packet.DescriptorSlab;
import io.marchproxy.l3l4.stages.packet.Direction;
import io.marchproxy.l3l4.stages.packet.EventKind;
import io.marchproxy.l3l4.stages.packet.Memory;
import io.marchproxy.l3l4.stages.packet.PacketDescriptor;
import io.marchproxy.l3l4.stages.pipeline.PipelineSettings;
import io.marchproxy.l3l4.stages.pipeline.Verdict;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * A shard's recorded packets, one after the other, with what was decided about each: as they came in, or as they left. One
 * thread.
 */
final class ShardPackets implements AutoCloseable {
    /**
     * A packet for a capture.
     *
     * @param timeNs since 1970
     * @param bytes those that are known
     * @param comment what was decided
     */
    @SuppressWarnings("ArrayRecordComponent") // handed on, never compared nor changed
    record Packet(int shard, long timeNs, byte[] bytes, int originalBytes, String comment) {}

    /** What a packet that waits is known by: of one flow and time they leave in the order in which they came. */
    private record Waiting(long flowRef, Direction direction, long arrivalNs, int lengthBytes) {}

    private static final long MILLI_NS = 1_000_000;

    private final int shard;
    private final boolean asSent;
    private final PacketFilter filter;
    private final JournalReader reader;
    private final JsonPieces pieces = new JsonPieces();
    private final JsonPieces checkpoint = new JsonPieces();
    private final DescriptorSlab slab =
            new DescriptorSlab(Arena.ofAuto().allocate(2 * DescriptorLayout.SIZE, DescriptorLayout.SIZE));
    private final PacketDescriptor event = slab.view(0);

    /** Its client's side. */
    private final PacketDescriptor key = slab.view(1);

    private final PacketForge forge = new PacketForge();
    private final List<byte[]> snaps = new ArrayList<>();
    private final Map<Waiting, ArrayDeque<List<Packet>>> waiting = new HashMap<>();
    private final ArrayDeque<Packet> ready = new ArrayDeque<>();
    private PacketMaker maker = new PacketMaker(forge);
    private @Nullable DecisionText text;
    private @Nullable SessionInfo session;
    private long ofUnknownFlow;
    private long missing;
    private long flowRecords;
    private long at;
    private long end;

    /**
     * Before the first packet.
     *
     * @param shard its place among those that are shown
     * @param asSent as they left, or as they came in
     * @param filter of those that are wanted; this one's alone
     */
    ShardPackets(int shard, Path folder, boolean asSent, PacketFilter filter) {
        this.shard = shard;
        this.asSent = asSent;
        this.filter = filter;
        this.reader = new JournalReader(folder);
    }

    /** The next packet, or null when there is none. */
    @Nullable
    Packet next() throws IOException {
        while (ready.isEmpty()) {
            if (at == end) {
                if (!reader.next()) {
                    return null;
                }
                at = reader.recordsAt();
                end = reader.recordsEnd();
            }
            long record = at;
            at += Records.length(record);
            record(record);
        }
        return ready.poll();
    }

    private void record(long record) throws IOException {
        switch (Records.type(record)) {
            case SESSION -> {
                if (pieces.add(record)) {
                    begin(pieces.session());
                }
            }
            case SETTINGS -> {
                if (pieces.add(record)) {
                    settings(shardNumber(), pieces.settings());
                }
            }
            case SNAP -> snaps.add(Records.snap(record));
            case EVENT -> Records.event(record, event);
            case DECISION -> decided(record);
            case RELEASE -> released(record);
            case FLOW_END -> maker.ended(Memory.getLong(record + JournalLayout.END_FLOW_REF));
            case FLOW -> flowRecords++;
            case GAP -> missing += Records.gapRecords(record);
            case CHECKPOINT -> {
                // Says what the session's begin said, which was deleted.
                if (session == null && checkpoint.add(record)) {
                    begin(checkpoint.session());
                }
            }
            case END, STATE, SLOTS, CHECKPOINT_END, PAD, REPEAT, TEXT -> {
                // no packet
            }
        }
    }

    private void settings(int number, PipelineSettings settings) {
        text = new DecisionText(number, settings);
        filter.take(number, settings);
    }

    private int shardNumber() {
        SessionInfo known = session;
        return known == null ? 0 : known.shard();
    }

    private void begin(SessionInfo info) {
        ofUnknownFlow += maker.ofUnknownFlow();
        maker = new PacketMaker(forge);
        session = info;
        settings(info.shard(), info.settings());
        snaps.clear();
        waiting.clear();
    }

    private void decided(long decision) throws JournalException {
        EventKind kind = event.kind();
        long flowRef = Memory.getLong(decision + JournalLayout.DECISION_FLOW_REF);
        Verdict verdict = Records.verdict(decision);
        if (session == null) {
            ofUnknownFlow++;
        } else if (PacketMaker.isPacket(kind)) {
            boolean isNew = (Memory.getByte(decision + JournalLayout.DECISION_FLAGS) & DescriptorFlags.NEW_FLOW) != 0;
            List<Packet> packets = new ArrayList<>();
            String comment = text(decision);
            long timeNs = timeNs(event.arrivalNs());
            maker.make(event, flowRef, isNew, verdict, snaps, made -> packets.add(packet(made, timeNs, comment)));
            maker.describe(event, flowRef, key);
            if (filter.fits(event, key, decision)) {
                show(packets, decision, flowRef, verdict);
            }
        }
        boolean isRefused = verdict == Verdict.DROP && kind == EventKind.CONNECT_FAILED;
        if (kind == EventKind.CLOSED || isRefused || (kind == EventKind.RESET && verdict == Verdict.FORWARD)) {
            maker.ended(flowRef);
        }
        snaps.clear();
    }

    private void show(List<Packet> packets, long decision, long flowRef, Verdict verdict) {
        if (!asSent) {
            ready.addAll(packets);
        } else if (verdict == Verdict.FORWARD) {
            packets.forEach(packet -> ready.add(marked(packet, packet.timeNs(), decision)));
        } else if (verdict == Verdict.HOLD) {
            Waiting key = new Waiting(flowRef, event.direction(), event.arrivalNs(), event.lengthBytes());
            waiting.computeIfAbsent(key, none -> new ArrayDeque<>()).add(packets);
        }
    }

    /** A packet that waited leaves now, or not at all. */
    private void released(long release) throws JournalException {
        Waiting key = new Waiting(
                Memory.getLong(release + JournalLayout.DECISION_FLOW_REF),
                Direction.of(Memory.getByte(release + JournalLayout.RELEASE_DIRECTION)),
                Memory.getLong(release + JournalLayout.RELEASE_ARRIVAL_NS),
                Memory.getInt(release + JournalLayout.RELEASE_LENGTH_BYTES));
        ArrayDeque<List<Packet>> alike = waiting.get(key);
        if (alike == null) {
            return;
        }
        List<Packet> packets = alike.remove();
        if (alike.isEmpty()) {
            waiting.remove(key);
        }
        if (Records.verdict(release) == Verdict.FORWARD) {
            long timeNs = timeNs(Memory.getLong(release + JournalLayout.DECISION_RELEASE_NS));
            packets.forEach(packet -> ready.add(marked(packet, timeNs, release)));
        }
    }

    private Packet packet(Made made, long timeNs, String comment) {
        return new Packet(shard, timeNs, made.bytes(), made.originalBytes(), comment);
    }

    private Packet marked(Packet packet, long timeNs, long decision) {
        int dscp = Byte.toUnsignedInt(Memory.getByte(decision + JournalLayout.DECISION_EGRESS_DSCP));
        int flags = Memory.getByte(decision + JournalLayout.DECISION_FLAGS);
        byte[] bytes = forge.marked(packet.bytes(), dscp, (flags & DescriptorFlags.CE_MARKED) != 0);
        return new Packet(shard, timeNs, bytes, packet.originalBytes(), packet.comment());
    }

    private String text(long decision) throws JournalException {
        DecisionText known = text;
        if (known == null) {
            throw new JournalException("its first session does not say how it began");
        }
        return known.line(event, decision);
    }

    private long timeNs(long shardNs) throws JournalException {
        SessionInfo known = session;
        if (known == null) {
            throw new JournalException("its first session does not say how it began");
        }
        return known.startedEpochMs() * MILLI_NS + (shardNs - known.startedNs());
    }

    /** Events of which no packet could be made, since the begin of their flow is not in the journal. */
    long ofUnknownFlow() {
        return ofUnknownFlow + maker.ofUnknownFlow();
    }

    /** Records that the journal says are missing. */
    long missing() {
        return missing;
    }

    /** Records of the mode flows, which knows no packets. */
    long flowRecords() {
        return flowRecords;
    }

    /** Bytes of files read so far. */
    long bytesRead() {
        return reader.bytesRead();
    }

    @Override
    public void close() throws IOException {
        reader.close();
    }
}
