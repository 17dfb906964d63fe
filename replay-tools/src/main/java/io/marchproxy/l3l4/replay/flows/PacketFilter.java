package io.marchproxy.l3l4.replay.flows;

import io.marchproxy.l3l4.engine.journal.JournalLayout;
import io.marchproxy.l3l4.engine.journal.Records;
import io.marchproxy.l3l4.stages.packet.Memory;
import io.marchproxy.l3l4.stages.packet.PacketDescriptor;
import io.marchproxy.l3l4.stages.pipeline.Names;
import io.marchproxy.l3l4.stages.pipeline.PipelineSettings;
import io.marchproxy.l3l4.stages.pipeline.Verdict;
import java.util.HashMap;
import java.util.Map;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/**
 * A filter for flows, asked of single packets: each counts as a flow of one packet, of what was decided about it. Source is the
 * client, whichever way it goes; {@code end} is the reason for which it was dropped. One session's at a time, one thread.
 */
public final class PacketFilter {
    private final Predicate<Flow> filter;
    private final Map<Integer, Names.Backend> backends = new HashMap<>();
    private @Nullable PipelineSettings settings;
    private int shard;

    private PacketFilter(Predicate<Flow> filter) {
        this.filter = filter;
    }

    /**
     * Reads a filter, as the command flows does.
     *
     * @throws IllegalArgumentException when it makes no sense; the message shows where
     */
    public static PacketFilter parse(String text) {
        try {
            return new PacketFilter(FilterParser.parse(text));
        } catch (FilterException e) {
            throw new IllegalArgumentException(e.getMessage(), e);
        }
    }

    /** Other settings are in force from here on. */
    public void take(int ofShard, PipelineSettings snapshot) {
        shard = ofShard;
        settings = snapshot;
        snapshot.names().backends().forEach(backend -> backends.put(backend.number(), backend));
    }

    /**
     * Whether a packet fits.
     *
     * @param packet as it came in
     * @param key of its client's side: addresses and ports as a packet from the client has them
     * @param decision the address of its DECISION
     */
    public boolean fits(PacketDescriptor packet, PacketDescriptor key, long decision) {
        int rule = Short.toUnsignedInt(Memory.getShort(decision + JournalLayout.DECISION_RULE));
        int dscp = Byte.toUnsignedInt(Memory.getByte(decision + JournalLayout.DECISION_EGRESS_DSCP));
        int number = Memory.getInt(decision + JournalLayout.DECISION_BACKEND);
        Names.Backend backend = backends.get(number);
        boolean keepsDscp = dscp == PacketDescriptor.DSCP_UNCHANGED || dscp == PacketDescriptor.DSCP_PRESERVE;
        boolean isDropped = Records.verdict(decision) == Verdict.DROP;
        boolean toBackend = packet.isToBackend();
        long packets = packet.packets();
        long bytes = packet.lengthBytes();
        return filter.test(new Flow(
                shard,
                0,
                0,
                0,
                0,
                key.protocol(),
                new Address(key.ipVersion(), key.sourceHigh(), key.sourceLow(), key.sourcePort()),
                new Address(key.ipVersion(), key.destinationHigh(), key.destinationLow(), key.destinationPort()),
                service(packet.service()),
                Records.trafficClass(decision),
                keepsDscp ? null : dscp,
                rule == 0 ? null : rule,
                backend == null ? name(number) : backend.id(),
                backend == null ? null : backend.provider(),
                backend == null ? null : backend.region(),
                toBackend ? packets : 0,
                toBackend ? bytes : 0,
                toBackend ? 0 : packets,
                toBackend ? 0 : bytes,
                isDropped ? packets : 0,
                isDropped ? Records.dropReason(decision).label() : ""));
    }

    private static @Nullable String name(int backend) {
        return backend == PacketDescriptor.NO_BACKEND ? null : Integer.toString(backend);
    }

    private String service(int number) {
        PipelineSettings known = settings;
        return known != null && number < known.classify().services().size()
                ? known.classify().services().get(number).name()
                : Integer.toString(number);
    }
}
