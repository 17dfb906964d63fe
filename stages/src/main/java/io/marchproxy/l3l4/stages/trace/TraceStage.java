package io.marchproxy.l3l4.stages.trace;

import io.marchproxy.l3l4.stages.packet.DescriptorFlags;
import io.marchproxy.l3l4.stages.packet.Direction;
import io.marchproxy.l3l4.stages.packet.PacketDescriptor;
import io.marchproxy.l3l4.stages.packet.SingleWriter;
import io.marchproxy.l3l4.stages.pipeline.Stage;
import io.marchproxy.l3l4.stages.pipeline.StateReader;
import io.marchproxy.l3l4.stages.pipeline.StateWriter;
import io.marchproxy.l3l4.stages.pipeline.Verdict;
import java.util.Arrays;

/**
 * Records how long a packet stayed: from its arrival until it was handed on, or, if it was held, until its release. Says
 * that the packet leaves.
 */
public final class TraceStage extends SingleWriter implements Stage {
    private static final int CLASSES = 4;
    private static final int DIRECTIONS = 2;

    private final ResidenceTimes waits = new ResidenceTimes();
    private final ResidenceTimes holds = new ResidenceTimes();

    /** Of each class, towards its backends and then towards its clients. */
    private final ResidenceTimes[] holdsByClass = new ResidenceTimes[CLASSES * DIRECTIONS];

    private long handedNs = Long.MIN_VALUE;

    /** A stage that has seen no packet. */
    public TraceStage() {
        Arrays.setAll(holdsByClass, i -> new ResidenceTimes());
    }

    /** Sets when the packets of the present batch are handed on; earlier than an arrival counts as at once. */
    public void handedNs(long value) {
        handedNs = value;
    }

    /** How long packets that were not held waited, from their arrival until the stages began with their batch. */
    public ResidenceTimes waits() {
        return waits;
    }

    /** How long packets that were held stayed, from their arrival until their release. */
    public ResidenceTimes holds() {
        return holds;
    }

    /** The same of one class and direction. */
    public ResidenceTimes holds(int trafficClass, Direction direction) {
        return holdsByClass[trafficClass * DIRECTIONS + direction.ordinal()];
    }

    @Override
    public Verdict process(PacketDescriptor packet, long nowNs) {
        if (packet.isData()) {
            if ((packet.flags() & DescriptorFlags.WAS_HELD) == 0) {
                waits.record(Math.max(handedNs, packet.arrivalNs()) - packet.arrivalNs(), packet.packets());
            } else {
                long heldNs = packet.releaseNs() - packet.arrivalNs();
                holds.record(heldNs, packet.packets());
                holds(packet.trafficClass(), packet.direction()).record(heldNs, packet.packets());
            }
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
