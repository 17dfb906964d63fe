package io.marchproxy.l3l4.replay;

import io.marchproxy.l3l4.engine.journal.JournalLayout;
import io.marchproxy.l3l4.engine.journal.Records;
import io.marchproxy.l3l4.stages.classify.ServiceProfile;
import io.marchproxy.l3l4.stages.packet.DescriptorFlags;
import io.marchproxy.l3l4.stages.packet.Memory;
import io.marchproxy.l3l4.stages.packet.PacketDescriptor;
import io.marchproxy.l3l4.stages.pipeline.PipelineSettings;
import io.marchproxy.l3l4.stages.pipeline.Verdict;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/** What was decided about a packet, in one line for its comment in a capture, where display filters can search it. */
final class DecisionText {
    private final int shard;
    private final List<ServiceProfile> services;
    private final Map<Integer, String> backends = new HashMap<>();

    /** In the terms of the settings that were in force. */
    DecisionText(int shard, PipelineSettings settings) {
        this.shard = shard;
        services = settings.classify().services();
        settings.names().backends().forEach(backend -> backends.put(backend.number(), backend.id()));
    }

    /**
     * The line of a DECISION.
     *
     * @param event as it came in
     */
    String line(PacketDescriptor event, long decision) {
        Verdict verdict = Records.verdict(decision);
        StringBuilder line = new StringBuilder("verdict=").append(verdict.name().toLowerCase(Locale.ROOT));
        if (verdict == Verdict.DROP) {
            line.append(" reason=").append(Records.dropReason(decision).label());
        }
        line.append(" service=").append(service(event.service()));
        line.append(" class=P").append(Records.trafficClass(decision));
        int dscp = Byte.toUnsignedInt(Memory.getByte(decision + JournalLayout.DECISION_EGRESS_DSCP));
        if (dscp != PacketDescriptor.DSCP_UNCHANGED && dscp != PacketDescriptor.DSCP_PRESERVE) {
            line.append(" dscp=").append(dscp);
        }
        int rule = Short.toUnsignedInt(Memory.getShort(decision + JournalLayout.DECISION_RULE));
        if (rule != 0) {
            line.append(" rule=").append(rule);
        }
        int backend = Memory.getInt(decision + JournalLayout.DECISION_BACKEND);
        if (backend != PacketDescriptor.NO_BACKEND) {
            line.append(" backend=").append(backends.getOrDefault(backend, Integer.toString(backend)));
        }
        long flow = Memory.getLong(decision + JournalLayout.DECISION_FLOW_REF);
        if (flow != PacketDescriptor.NO_FLOW) {
            line.append(" flow=").append(flow & 0xffff_ffffL).append('.').append(flow >>> Integer.SIZE);
        }
        int flags = Memory.getByte(decision + JournalLayout.DECISION_FLAGS);
        line.append((flags & DescriptorFlags.NEW_FLOW) != 0 ? " new-flow" : "");
        line.append((flags & DescriptorFlags.REROUTED) != 0 ? " rerouted" : "");
        line.append((flags & DescriptorFlags.CE_MARKED) != 0 ? " ce-marked" : "");
        line.append(" shard=").append(shard);
        if (verdict == Verdict.HOLD) {
            long releaseNs = Memory.getLong(decision + JournalLayout.DECISION_RELEASE_NS);
            line.append(" held=").append(releaseNs - event.arrivalNs()).append("ns");
        }
        return line.toString();
    }

    private String service(int number) {
        return number < services.size() ? services.get(number).name() : Integer.toString(number);
    }
}
