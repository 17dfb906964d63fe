package io.marchproxy.l3l4.stages.pipeline;

import io.marchproxy.l3l4.stages.flow.FlowEnd;
import io.marchproxy.l3l4.stages.packet.PacketDescriptor;

/**
 * Hears of every event that enters the pipeline and of every decision, in order. Called by the pipeline's thread.
 *
 * <p>An event's arrival is followed by what came of it, in this order: packets that its time released and flows that it
 * ended, sessions that made way for it, the decision about the event itself, and the end of a session whose last reply it
 * was. So who repeats the arrivals alone hears the rest again.
 */
public interface Journal {
    /** Records nothing. */
    Journal NONE = new Journal() {
        @Override
        public void arrived(PacketDescriptor event) {
            // journalling is off
        }

        @Override
        public void handled(PacketDescriptor event, Verdict verdict) {
            // journalling is off
        }

        @Override
        public void flowEnded(long flowRef, FlowEnd reason, long nowNs) {
            // journalling is off
        }
    };

    /** Says whose events will be told of, before the first; the journal may {@link Pipeline#save} it when an event arrives. */
    default void follows(Pipeline pipeline) {
        // most journals keep events alone
    }

    /** So many events follow at once, so that what is told of them may be handed on together. Optional, and without influence on what is told. */
    default void expects(int events) {
        // most journals take each event by itself
    }

    /** An event is about to be handled; the descriptor carries what came in. Everything that a decision may depend on is here. */
    void arrived(PacketDescriptor event);

    /**
     * An event was decided about; the descriptor carries what came in and what was decided. Called twice for a packet that is
     * held: when it begins to wait ({@link Verdict#HOLD}), and when it was released.
     */
    void handled(PacketDescriptor event, Verdict verdict);

    /** The pipeline ends a flow by itself; its entry can be read still. */
    void flowEnded(long flowRef, FlowEnd reason, long nowNs);
}
