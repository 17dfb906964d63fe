package io.marchproxy.l3l4.stages.trace;

import io.marchproxy.l3l4.stages.packet.DescriptorFlags;
import io.marchproxy.l3l4.stages.packet.PacketDescriptor;
import io.marchproxy.l3l4.stages.packet.SingleWriter;
import io.marchproxy.l3l4.stages.pipeline.Stage;
import io.marchproxy.l3l4.stages.pipeline.StateReader;
import io.marchproxy.l3l4.stages.pipeline.StateWriter;
import io.marchproxy.l3l4.stages.pipeline.Verdict;

/**
 * Records how long a packet stayed: from its arrival until it was handed on, or, if it was held, until its release. Says
 * that the packet leaves.
 */
public final class TraceStage extends SingleWriter implements Stage {
    private final ResidenceTimes residence = new ResidenceTimes();
    private long handedNs = Long.MIN_VALUE;

    /** Sets when the packets of the present batch are handed on; earlier than an arrival counts as at once. */
    public void handedNs(long value) {
        handedNs = value;
    }

    /** The times recorded so far. */
    public ResidenceTimes residence() {
        return residence;
    }

    @Override
    public Verdict process(PacketDescriptor packet, long nowNs) {
        if (packet.isData()) {
            boolean wasHeld = (packet.flags() & DescriptorFlags.WAS_HELD) != 0;
            long leftNs = wasHeld ? packet.releaseNs() : Math.max(handedNs, packet.arrivalNs());
            residence.record(leftNs - packet.arrivalNs(), packet.packets());
        }
        return Verdict.FORWARD;
    }

    @Override
    public void save(StateWriter to) {
        // no answer depends on what was counted
    }

    @Override
    public void restore(StateReader from) {
        // no answer depends on what was counted
    }
}
