package io.marchproxy.l3l4.bench.workload;

import io.marchproxy.l3l4.engine.flow.OffHeapFlowTable;
import io.marchproxy.l3l4.stages.classify.AddressPrefix;
import io.marchproxy.l3l4.stages.classify.ClassifyRule;
import io.marchproxy.l3l4.stages.classify.ClassifySettings;
import io.marchproxy.l3l4.stages.classify.ClassifyStage;
import io.marchproxy.l3l4.stages.classify.NumberRange;
import io.marchproxy.l3l4.stages.classify.RuleList;
import io.marchproxy.l3l4.stages.classify.ServiceProfile;
import io.marchproxy.l3l4.stages.flow.FlowTimers;
import io.marchproxy.l3l4.stages.packet.EventKind;
import io.marchproxy.l3l4.stages.packet.IpPacket;
import io.marchproxy.l3l4.stages.packet.PacketDescriptor;
import io.marchproxy.l3l4.stages.pipeline.Verdict;
import java.lang.foreign.Arena;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.jspecify.annotations.Nullable;

/**
 * Rules as firewalls have them (Taylor, Turner, "ClassBench", 2007, tells what those are like): prefixes of clients from /8 to /32, of
 * listeners from none to /32, ports that are one or a range or any; and datagrams each of which a random one of them was written
 * for. The same calls make the same.
 */
public final class RuleRig {
    /** What rules look at. */
    public enum Looks {
        /** At what a flow's key tells: decided once for a flow. */
        AT_FLOWS,
        /** At the length as well: asked for each datagram. */
        AT_PACKETS,
        /** At prefixes that lie one in another, eight deep in both addresses: the worst for a tree. */
        AT_NESTED_PREFIXES
    }

    private static final long SEED = 20_261_126;
    private static final int ANY = -1;
    private static final int CAPACITY = 1 << 10;
    private static final int HIGHEST_PORT = 65_535;

    /** Distinct packets; each batch has the next ones, so that branches can't be learnt by heart. */
    private static final int PACKETS = 64 * Workload.BATCH;

    private static final int[] CLIENT_LENGTHS = {
        8, 12, 16, 16, 18, 20, 21, 22, 22, 23, 24, 24, 24, 24, 24, 28, 30, 32, 32, 32
    };
    private static final int[] WELL_KNOWN = {53, 80, 123, 443, 500, 1_194, 3_478, 4_500, 5_060, 8_080};

    private final Random random = new Random(SEED);
    private final List<ClassifyRule> rules = new ArrayList<>();
    private final PacketDescriptor[] packets;
    private final OffHeapFlowTable flows;
    private final FlowTimers timers;
    private final ClassifyStage classify;
    private int next;

    /** A stage with so many rules. */
    public RuleRig(Arena arena, int count, Looks looks) {
        for (int i = 0; i < count; i++) {
            rules.add(looks == Looks.AT_NESTED_PREFIXES ? nested(i) : rule(looks));
        }
        flows = new OffHeapFlowTable(CAPACITY, SEED, arena);
        timers = new FlowTimers(flows, StageRig.NothingExpires.INSTANCE);
        classify = new ClassifyStage(
                flows,
                timers,
                (flowRef, reason) -> {
                    throw new IllegalStateException("a flow ended: " + reason);
                },
                (flowRef, isToBackend) -> -1);
        ServiceProfile service = new ServiceProfile(
                0, "measured", IpPacket.UDP, true, 2, Configurations.IDLE_TIMEOUT_NS, CAPACITY, false, 0);
        classify.apply(new ClassifySettings(List.of(service), rules), Long.MIN_VALUE);
        packets = Traffic.descriptors(arena, PACKETS);
        for (PacketDescriptor packet : packets) {
            fill(packet);
        }
    }

    private ClassifyRule rule(Looks looks) {
        int port = random.nextInt(3);
        int low = port == 0 ? ANY : port == 1 ? WELL_KNOWN[random.nextInt(WELL_KNOWN.length)] : random.nextInt(60_000);
        int high = port == 2 ? low + random.nextInt(1_000) : low;
        int least = random.nextInt(1_400);
        return new ClassifyRule(
                random.nextBoolean() ? IpPacket.UDP : ANY,
                null,
                prefix(random.nextInt(), CLIENT_LENGTHS[random.nextInt(CLIENT_LENGTHS.length)]),
                random.nextInt(3) == 0 ? null : prefix(0x0a00_0000 | random.nextInt(1 << 16), 16 + random.nextInt(17)),
                ANY,
                ANY,
                low,
                high,
                ANY,
                1,
                ANY,
                looks == Looks.AT_PACKETS ? new NumberRange(least, least + 100) : null,
                null);
    }

    /** Of each eight rules the client's and the listener's networks are the halves of those of the rule before, the smallest first. */
    private ClassifyRule nested(int i) {
        int depth = 7 - i % 8;
        return new ClassifyRule(
                ANY,
                null,
                prefix((i / 8) << 20, 12 + 2 * depth),
                prefix(0x0a00_0000 | ((i / 8) << 9), 12 + 2 * (7 - depth)),
                ANY,
                ANY,
                ANY,
                ANY,
                ANY,
                1,
                ANY);
    }

    private static AddressPrefix prefix(int address, int length) {
        return new AddressPrefix(4, 0, Integer.toUnsignedLong(length == 0 ? 0 : address & -1 << (32 - length)), length);
    }

    /** A packet that a rule was written for; another that stands before may match as well. */
    private void fill(PacketDescriptor packet) {
        packet.reset(EventKind.DATA, 1);
        packet.protocol(IpPacket.UDP);
        packet.ipVersion(4);
        packet.sourcePort(random.nextInt(HIGHEST_PORT));
        ClassifyRule rule = rules.isEmpty()
                ? new ClassifyRule(ANY, null, null, null, ANY, ANY, ANY, ANY, ANY, 0, ANY)
                : rules.get(random.nextInt(rules.size()));
        packet.sourceLow(within(rule.source()));
        packet.destinationLow(within(rule.destination()));
        packet.destinationPort(
                rule.destinationPortLow() < 0
                        ? random.nextInt(HIGHEST_PORT)
                        : rule.destinationPortLow()
                                + random.nextInt(1 + rule.destinationPortHigh() - rule.destinationPortLow()));
        NumberRange length = rule.length();
        packet.lengthBytes(length == null ? Traffic.LENGTH_BYTES : length.low());
    }

    private long within(@Nullable AddressPrefix prefix) {
        if (prefix == null) {
            return 0x0a00_0000L | random.nextInt(1 << 16);
        }
        long hosts = prefix.length() == 32 ? 0 : random.nextInt() & 0xffff_ffffL >>> prefix.length();
        return prefix.low() | hosts;
    }

    /** The first datagram of a flow, and the flow's end. */
    public Workload firstPackets() {
        return () -> {
            int from = next;
            int passed = process(from, true);
            for (int i = from; i < from + Workload.BATCH; i++) {
                free(packets[i].flowRef());
            }
            return passed;
        };
    }

    /** Datagrams of flows that are there. */
    public Workload knownFlows() {
        for (int i = 0; i < Workload.BATCH; i++) {
            classify.process(packets[i], 1);
        }
        return () -> {
            next = 0;
            return process(0, false);
        };
    }

    private int process(int from, boolean isNew) {
        int passed = 0;
        for (int i = from; i < from + Workload.BATCH; i++) {
            PacketDescriptor packet = packets[i];
            packet.flowRef(PacketDescriptor.NO_FLOW);
            if (isNew) {
                packet.flags(0);
            }
            passed += classify.process(packet, 1) == Verdict.CONTINUE ? 1 : 0;
        }
        next = (from + Workload.BATCH) % PACKETS;
        return passed;
    }

    private void free(long flowRef) {
        long entry = flows.entry(flowRef);
        timers.cancel(entry);
        classify.forget(entry);
        flows.remove(flowRef);
    }

    /** Reads the rules in order until one matches, for each packet: what a search has to beat. Gives how many match. */
    public int readInOrder() {
        int matches = 0;
        for (int i = next; i < next + Workload.BATCH; i++) {
            PacketDescriptor packet = packets[i];
            for (ClassifyRule rule : rules) {
                if (matches(rule, packet)) {
                    matches++;
                    break;
                }
            }
        }
        next = (next + Workload.BATCH) % PACKETS;
        return matches;
    }

    private static boolean matches(ClassifyRule rule, PacketDescriptor packet) {
        AddressPrefix source = rule.source();
        AddressPrefix destination = rule.destination();
        NumberRange length = rule.length();
        return (source == null || source.contains(4, 0, packet.sourceLow()))
                && (destination == null || destination.contains(4, 0, packet.destinationLow()))
                && (rule.destinationPortLow() < 0
                        || (packet.destinationPort() >= rule.destinationPortLow()
                                && packet.destinationPort() <= rule.destinationPortHigh()))
                && (length == null || length.contains(packet.lengthBytes()));
    }

    /** Builds the search anew, as a reload does; gives the bytes that it takes. */
    public long build() {
        List<ClassifyRule> plain = new ArrayList<>(rules);
        return ((RuleList) new ClassifySettings(List.of(), plain).rules()).bytes();
    }
}
