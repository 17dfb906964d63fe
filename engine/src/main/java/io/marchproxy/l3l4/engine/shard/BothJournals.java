package io.marchproxy.l3l4.engine.shard;

import io.marchproxy.l3l4.stages.flow.FlowEnd;
import io.marchproxy.l3l4.stages.packet.PacketDescriptor;
import io.marchproxy.l3l4.stages.pipeline.Journal;
import io.marchproxy.l3l4.stages.pipeline.Pipeline;
import io.marchproxy.l3l4.stages.pipeline.Verdict;

/** Tells two. */
record BothJournals(Journal first, Journal second) implements Journal {
    @Override
    public void follows(Pipeline pipeline) {
        first.follows(pipeline);
        second.follows(pipeline);
    }

    @Override
    public void expects(int events) {
        first.expects(events);
        second.expects(events);
    }

    @Override
    public void arrived(PacketDescriptor event) {
        first.arrived(event);
        second.arrived(event);
    }

    @Override
    public void handled(PacketDescriptor event, Verdict verdict) {
        first.handled(event, verdict);
        second.handled(event, verdict);
    }

    @Override
    public void flowEnded(long flowRef, FlowEnd reason, long nowNs) {
        first.flowEnded(flowRef, reason, nowNs);
        second.flowEnded(flowRef, reason, nowNs);
    }
}
