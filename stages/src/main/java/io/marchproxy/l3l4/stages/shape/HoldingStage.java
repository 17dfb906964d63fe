package io.marchproxy.l3l4.stages.shape;

import io.marchproxy.l3l4.stages.packet.Direction;
import io.marchproxy.l3l4.stages.packet.PacketDescriptor;
import io.marchproxy.l3l4.stages.pipeline.Reclassifier;
import io.marchproxy.l3l4.stages.pipeline.Stage;
import org.jspecify.annotations.Nullable;

/** A stage that may hold packets, and gives them back when they may leave. */
public interface HoldingStage extends Stage {
    /**
     * Takes over a snapshot. What waits, waits on, by the new rates and also past a smaller bound.
     *
     * @param classes asked about each packet that waits, those of a flow and direction in their order; what is of another class by it waits in
     *     that one from now on, also past its bound. Null when all stays in its class.
     */
    void apply(ShapeSettings settings, @Nullable Reclassifier classes, long nowNs);

    /**
     * Takes over this shard's share of a limit.
     *
     * @param which class or service; 0 for the link
     * @param share in {@link ShareOf#WHOLE}ths
     */
    void share(Direction direction, ShareOf of, int which, int share, long nowNs);

    /** What became of packets of rules that police. */
    Policed policed();

    /** The class in which the last of a flow's packets waits in a direction; negative when none waits. */
    int waitingClass(long flowRef, boolean isToBackend);

    /** When {@link #next} has something to do, at the earliest; {@code Long.MAX_VALUE} while nothing waits. */
    long nextReleaseNs();

    /**
     * The packet that leaves at {@link #nextReleaseNs}, which is its release time; lent until {@link #released}. If its verdict is
     * {@link io.marchproxy.l3l4.stages.pipeline.Verdict#DROP}, it goes no further after all. Null when that time brought none: then
     * the next time is a later one.
     *
     * @param nowNs {@link #nextReleaseNs}, or later if that was missed
     */
    @Nullable
    PacketDescriptor next(long nowNs);

    /** Takes out the packet that {@link #next} lent. */
    void released();
}
