package io.marchproxy.l3l4.engine.journal;

import io.marchproxy.l3l4.stages.flow.FlowEnd;
import io.marchproxy.l3l4.stages.packet.EventKind;
import io.marchproxy.l3l4.stages.packet.PacketDescriptor;
import io.marchproxy.l3l4.stages.pipeline.Pipeline;
import io.marchproxy.l3l4.stages.pipeline.PipelineSettings;
import io.marchproxy.l3l4.stages.pipeline.Verdict;
import org.jspecify.annotations.Nullable;

/** The mode {@code packets}: every event and everything that came of it. The pipeline's thread; allocates nothing. */
final class PacketRecorder implements ShardRecorder {
    private final Recording recording;
    private final @Nullable Checkpoints checkpoints;
    private final int snapBytes;
    private final Train train;
    private long events;
    private long outcomes;

    /** Events that follow the one at hand at once. */
    private int expected;

    /**
     * A recorder of all that a shard does.
     *
     * @param checkpoints that are written among the records; null where nothing is ever deleted or lost
     * @param snapBytes of each datagram and IP packet that are recorded with it; 0 for none
     */
    PacketRecorder(Recording recording, @Nullable Checkpoints checkpoints, int snapBytes) {
        this.recording = recording;
        this.checkpoints = checkpoints;
        this.snapBytes = snapBytes;
        this.train = recording.train();
    }

    @Override
    public void follows(Pipeline pipeline) {
        if (checkpoints != null) {
            checkpoints.follows(pipeline);
        }
    }

    @Override
    public void expects(int more) {
        expected = more;
    }

    @Override
    public void arrived(PacketDescriptor event) {
        expected = Math.max(0, expected - 1);
        boolean afterGap = recording.eventBegins();
        if (checkpoints != null) {
            if (afterGap) {
                // What comes after a gap can be verified from the next checkpoint on.
                checkpoints.want();
            }
            checkpoints.turn(event.arrivalNs());
        }
        if (snapBytes > 0) {
            recording.snap(event, snapBytes);
        }
        events++;
        if (event.isData()) {
            train.event(event);
        } else {
            other(event);
        }
    }

    private void other(PacketDescriptor event) {
        if (event.kind() == EventKind.CONFIG) {
            recording.event(event);
        } else {
            train.event(event);
        }
        if (checkpoints != null && event.endpoint() instanceof PipelineSettings settings) {
            checkpoints.configured(settings);
        }
    }

    @Override
    public void handled(PacketDescriptor event, Verdict verdict) {
        outcomes++;
        train.outcome(event, verdict);
        if (expected == 0) {
            train.handOver();
        }
    }

    @Override
    public void flowEnded(long flowRef, FlowEnd reason, long nowNs) {
        outcomes++;
        long at = recording.claim(RecordEncoder.LONGEST);
        if (at != 0) {
            recording.publish(RecordEncoder.flowEnd(at, flowRef, reason, nowNs));
        }
    }

    @Override
    public void end(long nowNs) {
        recording.eventBegins();
        long at = recording.claim(RecordEncoder.LONGEST);
        if (at != 0) {
            recording.publish(RecordEncoder.end(at, events, outcomes, nowNs));
        }
    }
}
