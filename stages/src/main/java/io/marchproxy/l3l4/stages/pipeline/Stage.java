package io.marchproxy.l3l4.stages.pipeline;

import io.marchproxy.l3l4.stages.packet.PacketDescriptor;

/**
 * One step of a packet's way. What a stage answers depends on the descriptor, its settings, its own state and the time it
 * is handed, nothing else; so the same input always gives the same output.
 *
 * <p>All methods are called by the one thread that owns the pipeline.
 */
public interface Stage {
    /**
     * Decides about one packet, and writes what it decided into the descriptor.
     *
     * @param nowNs the pipeline's time in nanoseconds; never runs backwards
     * @return {@link Verdict#CONTINUE}, or a verdict that ends or holds the packet
     */
    Verdict process(PacketDescriptor packet, long nowNs);

    /**
     * Writes down all of this stage's state that later answers depend on, but what follows from its settings and what stands in
     * flow entries. Between packets; nothing if there is no such state.
     */
    void save(StateWriter to);

    /** Takes over what {@link #save} wrote. By a stage that has had the settings then in force, and no packet. */
    void restore(StateReader from);
}
