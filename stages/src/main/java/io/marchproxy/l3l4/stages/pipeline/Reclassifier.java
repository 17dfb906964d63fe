package io.marchproxy.l3l4.stages.pipeline;

import io.marchproxy.l3l4.stages.packet.PacketDescriptor;

/** Classifies packets that wait, when settings have come into force by which they may be of another class. */
@FunctionalInterface
public interface Reclassifier {
    /**
     * Writes into a packet what it would be classified as if it came now, behind those of its flow that were asked about before. One
     * whose flow has ended stays what it is.
     */
    void classify(PacketDescriptor waiting);
}
