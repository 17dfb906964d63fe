package io.marchproxy.l3l4.stages.mark;

import io.marchproxy.l3l4.stages.packet.PacketDescriptor;
import io.marchproxy.l3l4.stages.pipeline.Stage;
import io.marchproxy.l3l4.stages.pipeline.StateReader;
import io.marchproxy.l3l4.stages.pipeline.StateWriter;
import io.marchproxy.l3l4.stages.pipeline.Verdict;

/**
 * Decides the code point (RFC 2474) that a packet leaves with: the rule's, else its class's, either of which may be the one that it
 * came with; or none when marking is off. Egress writes it: by socket option, by control message, or into the header. The ECN
 * field is no matter of classes: it stays as it came, unless the shape stage has marked the packet.
 */
public final class MarkStage implements Stage {
    private static final int CLASSES = 4;

    /** Of class P0 in the lowest byte, and so on: a shift is less than a look into an array. */
    private int dscpByClass;

    private boolean enabled;

    /** A stage with its first settings. */
    public MarkStage(MarkSettings settings) {
        apply(settings);
    }

    /** Takes over a snapshot. */
    public void apply(MarkSettings settings) {
        enabled = settings.enabled();
        dscpByClass = 0;
        for (int i = 0; i < CLASSES; i++) {
            dscpByClass |= settings.dscp(i) << (i * Byte.SIZE);
        }
    }

    @Override
    public Verdict process(PacketDescriptor packet, long nowNs) {
        if (!enabled) {
            packet.egressDscp(PacketDescriptor.DSCP_UNCHANGED);
            return Verdict.CONTINUE;
        }
        int dscp = packet.egressDscp();
        if (dscp == PacketDescriptor.DSCP_UNCHANGED) {
            dscp = (dscpByClass >>> (packet.trafficClass() * Byte.SIZE)) & 0xff;
        }
        packet.egressDscp(dscp == PacketDescriptor.DSCP_PRESERVE ? packet.ingressDscp() : dscp);
        return Verdict.CONTINUE;
    }

    @Override
    public void save(StateWriter to) {
        // all follows from the settings
    }

    @Override
    public void restore(StateReader from) {
        // all follows from the settings
    }
}
