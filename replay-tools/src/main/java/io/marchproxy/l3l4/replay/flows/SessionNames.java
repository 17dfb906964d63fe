package io.marchproxy.l3l4.replay.flows;

import io.marchproxy.l3l4.engine.journal.SessionInfo;
import io.marchproxy.l3l4.stages.classify.ServiceProfile;
import io.marchproxy.l3l4.stages.flow.FlowEnd;
import io.marchproxy.l3l4.stages.flow.FlowEntry;
import io.marchproxy.l3l4.stages.flow.FlowKey;
import io.marchproxy.l3l4.stages.mark.MarkSettings;
import io.marchproxy.l3l4.stages.packet.PacketDescriptor;
import io.marchproxy.l3l4.stages.pipeline.Names;
import io.marchproxy.l3l4.stages.pipeline.PipelineSettings;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** What a session's numbers stand for, and flow entries of it as flows. */
final class SessionNames {
    /** Of a flow that has not ended where the journal, or its session, ends. */
    static final String OPEN = "open";

    /** Of a flow whose end is not in the journal, though another flow has its place. */
    static final String UNKNOWN = "unknown";

    private static final long MICROSECOND_NS = 1_000;
    private static final long MILLISECOND_US = 1_000;

    private final SessionInfo session;
    private final Map<Integer, Names.Backend> backends = new HashMap<>();
    private List<ServiceProfile> services = List.of();
    private MarkSettings mark;

    SessionNames(SessionInfo session) {
        this.session = session;
        this.mark = session.settings().mark();
        take(session.settings());
    }

    /** Other settings came into force. Numbers that are in use keep their meaning. */
    void take(PipelineSettings settings) {
        services = settings.classify().services();
        mark = settings.mark();
        settings.names().backends().forEach(backend -> backends.put(backend.number(), backend));
    }

    /** Why a flow ended, as shown. */
    static String label(FlowEnd reason) {
        return reason.name().toLowerCase(Locale.ROOT).replace('_', '-');
    }

    /**
     * The flow in an entry.
     *
     * @param entry its address, as {@code FlowLayout} places its fields
     */
    Flow flow(long entry, String endReason) {
        FlowKey key = FlowKey.of(entry);
        long firstNs = FlowEntry.firstSeenNs(entry);
        long lastNs = FlowEntry.lastSeenNs(entry);
        int rule = FlowEntry.rule(entry);
        int number = FlowEntry.backend(entry);
        Names.Backend backend = backends.get(number);
        return new Flow(
                session.shard(),
                session.startedEpochMs(),
                epochUs(firstNs),
                epochUs(lastNs),
                lastNs - firstNs,
                key.protocol(),
                new Address(key.ipVersion(), key.clientHigh(), key.clientLow(), key.clientPort()),
                new Address(key.ipVersion(), key.listenerHigh(), key.listenerLow(), key.listenerPort()),
                key.service() < services.size() ? services.get(key.service()).name() : Integer.toString(key.service()),
                FlowEntry.trafficClass(entry),
                dscp(entry),
                rule == 0 ? null : rule,
                backend != null
                        ? backend.id()
                        : number == PacketDescriptor.NO_BACKEND ? null : Integer.toString(number),
                backend == null ? null : backend.provider(),
                backend == null ? null : backend.region(),
                FlowEntry.packetsToBackend(entry),
                FlowEntry.bytesToBackend(entry),
                FlowEntry.packetsToClient(entry),
                FlowEntry.bytesToClient(entry),
                FlowEntry.droppedPackets(entry),
                endReason);
    }

    private long epochUs(long ns) {
        return session.startedEpochMs() * MILLISECOND_US + Math.floorDiv(ns - session.startedNs(), MICROSECOND_NS);
    }

    private @Nullable Integer dscp(long entry) {
        if (!mark.enabled()) {
            return null;
        }
        int own = FlowEntry.dscp(entry);
        int dscp = own == PacketDescriptor.DSCP_UNCHANGED ? mark.dscp(FlowEntry.trafficClass(entry)) : own;
        return dscp == PacketDescriptor.DSCP_PRESERVE ? null : dscp;
    }
}
