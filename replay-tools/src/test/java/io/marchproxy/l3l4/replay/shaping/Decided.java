package io.marchproxy.l3l4.replay.shaping;

import io.marchproxy.l3l4.engine.journal.JournalLayout;
import io.marchproxy.l3l4.engine.journal.JournalReader;
import io.marchproxy.l3l4.engine.journal.RecordType;
import io.marchproxy.l3l4.engine.journal.Records;
import io.marchproxy.l3l4.stages.packet.DescriptorLayout;
import io.marchproxy.l3l4.stages.packet.DescriptorSlab;
import io.marchproxy.l3l4.stages.packet.Direction;
import io.marchproxy.l3l4.stages.packet.EventKind;
import io.marchproxy.l3l4.stages.packet.Memory;
import io.marchproxy.l3l4.stages.packet.PacketDescriptor;
import io.marchproxy.l3l4.stages.pipeline.Verdict;
import io.marchproxy.l3l4.stages.shape.ShareOf;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;

/**
 * What a recorded run decided about its packets, all shards together, to the nanosecond: when each was to leave. That is the shaper's
 * own time, in which a machine that is late for everything changes nothing.
 */
final class Decided {
    /** When a packet left that was waiting still when the run ended. */
    static final long NEVER = Long.MAX_VALUE;

    /** When a packet left that was dropped. */
    static final long DROPPED = Long.MAX_VALUE - 1;

    /**
     * A packet, or what was read of a stream at once.
     *
     * @param number in the order in which the shard decided
     * @param client address that it came from, or goes to
     * @param flow of the shard
     * @param service of its flow
     * @param trafficClass that it came as
     * @param leftClass that it left as: another than it came as, if a reload moved it
     * @param packets datagrams that came as one
     * @param dscp that it was to leave with
     * @param leftNs when it was to leave, or {@link #NEVER}, or {@link #DROPPED}
     */
    record Packet(
            int shard,
            int number,
            Direction direction,
            int service,
            int trafficClass,
            int leftClass,
            long client,
            long flow,
            int packets,
            int bytes,
            int dscp,
            long arrivalNs,
            long leftNs) {
        Packet leaving(long atNs) {
            return leaving(atNs, leftClass, dscp);
        }

        Packet leaving(long atNs, int asClass, int withDscp) {
            return new Packet(
                    shard,
                    number,
                    direction,
                    service,
                    trafficClass,
                    asClass,
                    client,
                    flow,
                    packets,
                    bytes,
                    withDscp,
                    arrivalNs,
                    atNs);
        }

        boolean isDropped() {
            return leftNs == DROPPED;
        }

        boolean hasLeft() {
            return leftNs < DROPPED;
        }

        /** Whether it was ever in a queue. */
        boolean hasWaited() {
            return leftNs != arrivalNs && !isDropped();
        }
    }

    /** A shard was told its share of a rate. */
    record Share(int shard, Direction direction, ShareOf of, int which, double share, long atNs) {}

    /** Other settings came into force. */
    record Change(int shard, long atNs) {}

    /**
     * What a packet that waits is known by: of one flow and time they leave in the order in which they came. A RELEASE does not say its
     * direction, so flows must send one way alone.
     */
    private record Key(int shard, long flowRef, long arrivalNs, int bytes) {}

    private final List<Packet> packets = new ArrayList<>();
    private final Map<Key, ArrayDeque<Packet>> waiting = new HashMap<>();
    private final Map<Long, Long> clients = new HashMap<>();
    private final Map<Long, Integer> services = new HashMap<>();
    private final List<Share> shares = new ArrayList<>();
    private final List<Change> changes = new ArrayList<>();
    private int numbered;

    private Decided() {}

    /** Reads the only session of a journal. */
    static Decided of(Path data) throws IOException {
        Decided decided = new Decided();
        List<Path> shards = JournalReader.shards(data);
        for (int i = 0; i < shards.size(); i++) {
            decided.read(i, shards.get(i));
            decided.clients.clear();
            decided.services.clear();
        }
        decided.waiting.values().forEach(decided.packets::addAll);
        decided.packets.sort(Comparator.comparingLong(Packet::leftNs).thenComparingInt(Packet::shard));
        return decided;
    }

    /** Those of a direction, in the order in which they left; then those that were dropped, then those that did not leave. */
    List<Packet> packets(Direction direction) {
        return packets.stream().filter(one -> one.direction() == direction).toList();
    }

    /** Those that left. */
    static Stream<Packet> left(List<Packet> of) {
        return of.stream().filter(Packet::hasLeft);
    }

    /** What the shards were told of their shares. */
    List<Share> shares() {
        return shares;
    }

    /**
     * How much of a rate all shards together had on the mean of a time. It is less than the whole while a share is on its way from one that
     * gave it back to one that has not heard of it yet, so on a machine on which threads are late.
     */
    double granted(ShareOf of, int which, Direction direction, int shards, long fromNs, long untilNs) {
        double sum = 0;
        for (int shard = 0; shard < shards; shard++) {
            double share = 1.0 / shards;
            long atNs = fromNs;
            for (Share one : shares) {
                if (one.shard == shard && one.of == of && one.which == which && one.direction == direction) {
                    long nextNs = Math.clamp(one.atNs, atNs, untilNs);
                    sum += share * (nextNs - atNs);
                    share = one.share;
                    atNs = nextNs;
                }
            }
            sum += share * (untilNs - atNs);
        }
        return sum / (untilNs - fromNs);
    }

    /** When other settings came into force, by shard and time. */
    List<Change> changes() {
        return changes;
    }

    /** How often there were others; the last are those by which the service ends. */
    private static int settingsIn(Path folder) throws IOException {
        int count = 0;
        try (JournalReader reader = new JournalReader(folder)) {
            while (reader.next()) {
                for (long at = reader.recordsAt(); at < reader.recordsEnd(); at += Records.length(at)) {
                    count += Records.type(at) == RecordType.EVENT && Records.kind(at) == EventKind.CONFIG ? 1 : 0;
                }
            }
        }
        return count;
    }

    private void read(int shard, Path folder) throws IOException {
        int settings = settingsIn(folder);
        try (Arena arena = Arena.ofConfined();
                JournalReader reader = new JournalReader(folder)) {
            PacketDescriptor event =
                    new DescriptorSlab(arena.allocate(DescriptorLayout.SIZE, DescriptorLayout.SIZE)).view(0);
            while (reader.next()) {
                for (long at = reader.recordsAt(); at < reader.recordsEnd(); at += Records.length(at)) {
                    switch (Records.type(at)) {
                        case EVENT -> {
                            Records.event(at, event);
                            if (event.kind() == EventKind.CONFIG) {
                                if (--settings == 0) {
                                    return; // the service ends, and lets everything go that waits
                                }
                                changes.add(new Change(shard, event.arrivalNs()));
                            }
                        }
                        case DECISION -> decided(shard, event, at);
                        case RELEASE -> released(shard, at);
                        case GAP -> throw new IOException("records are missing in " + folder);
                        default -> {
                            // no packet's
                        }
                    }
                }
            }
        }
    }

    private void decided(int shard, PacketDescriptor event, long decision) {
        long flowRef = Memory.getLong(decision + JournalLayout.DECISION_FLOW_REF);
        if (event.kind() == EventKind.QUOTA && ShareOf.isIn(event)) {
            shares.add(new Share(
                    shard,
                    event.direction(),
                    ShareOf.in(event),
                    ShareOf.which(event),
                    (double) event.argument0() / ShareOf.WHOLE,
                    event.arrivalNs()));
        }
        if (event.kind() == EventKind.OPEN || (event.kind() == EventKind.DATA && event.isToBackend())) {
            clients.putIfAbsent(flowRef, event.sourceLow());
            services.putIfAbsent(flowRef, event.service());
        }
        if (event.kind() != EventKind.DATA) {
            return;
        }
        Verdict verdict = Records.verdict(decision);
        Packet packet = new Packet(
                shard,
                numbered++,
                event.direction(),
                services.getOrDefault(flowRef, -1),
                Records.trafficClass(decision),
                Records.trafficClass(decision),
                clients.getOrDefault(flowRef, 0L),
                flowRef,
                event.packets(),
                event.lengthBytes(),
                Memory.getByte(decision + JournalLayout.DECISION_EGRESS_DSCP),
                event.arrivalNs(),
                verdict == Verdict.FORWARD ? event.arrivalNs() : verdict == Verdict.HOLD ? NEVER : DROPPED);
        if (verdict == Verdict.HOLD) {
            waiting.computeIfAbsent(
                            new Key(shard, flowRef, packet.arrivalNs(), packet.bytes()), none -> new ArrayDeque<>())
                    .add(packet);
        } else {
            packets.add(packet);
        }
    }

    private void released(int shard, long release) {
        Key key = new Key(
                shard,
                Memory.getLong(release + JournalLayout.DECISION_FLOW_REF),
                Memory.getLong(release + JournalLayout.RELEASE_ARRIVAL_NS),
                Memory.getInt(release + JournalLayout.RELEASE_LENGTH_BYTES));
        ArrayDeque<Packet> alike = waiting.get(key);
        if (alike == null || alike.isEmpty()) {
            return; // the end of a stream, which has no bytes
        }
        Packet held = alike.remove();
        packets.add(held.leaving(
                Records.verdict(release) == Verdict.FORWARD
                        ? Memory.getLong(release + JournalLayout.DECISION_RELEASE_NS)
                        : DROPPED,
                Records.trafficClass(release),
                Memory.getByte(release + JournalLayout.DECISION_EGRESS_DSCP)));
    }
}
