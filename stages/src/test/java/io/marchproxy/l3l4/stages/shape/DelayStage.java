package io.marchproxy.l3l4.stages.shape;

import io.marchproxy.l3l4.stages.packet.DescriptorFlags;
import io.marchproxy.l3l4.stages.packet.Direction;
import io.marchproxy.l3l4.stages.packet.EventKind;
import io.marchproxy.l3l4.stages.packet.IpPacket;
import io.marchproxy.l3l4.stages.packet.PacketDescriptor;
import io.marchproxy.l3l4.stages.pipeline.DropReason;
import io.marchproxy.l3l4.stages.pipeline.Reclassifier;
import io.marchproxy.l3l4.stages.pipeline.StateReader;
import io.marchproxy.l3l4.stages.pipeline.StateWriter;
import io.marchproxy.l3l4.stages.pipeline.Verdict;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/**
 * Holds each packet for as long as a test says, in a queue for each class and direction: virtual time's tests are of times, and
 * those of rates would be beside the point. A class that holds as many packets as it may drops further datagrams.
 */
final class DelayStage implements HoldingStage {
    private static final int CLASSES = 4;
    private static final int DIRECTIONS = 2;

    private final HeldQueue[] queues = new HeldQueue[CLASSES * DIRECTIONS];
    private final int[] boundPackets = new int[CLASSES];
    private final int[] heldPackets = new int[CLASSES];
    private final ReleaseTimes releaseTimes;

    /** The queue whose head leaves next, and when; kept, so that a packet costs one comparison. */
    private int nextQueue;

    private long nextReleaseNs = Long.MAX_VALUE;

    DelayStage(ShapeSettings settings, ReleaseTimes releaseTimes) {
        this.releaseTimes = releaseTimes;
        Arrays.setAll(queues, i -> new HeldQueue());
        apply(settings, null, 0);
    }

    @Override
    public void apply(ShapeSettings settings, @Nullable Reclassifier classes, long nowNs) {
        for (int i = 0; i < CLASSES; i++) {
            boundPackets[i] = settings.classes().get(i).queuePackets();
        }
    }

    @Override
    public void share(Direction direction, ShareOf of, int which, int share, long nowNs) {
        // a delay is no rate
    }

    @Override
    public Policed policed() {
        return new Policing();
    }

    @Override
    public int waitingClass(long flowRef, boolean isToBackend) {
        return WaitingFlows.NOTHING;
    }

    @Override
    public Verdict process(PacketDescriptor packet, long nowNs) {
        boolean isData = packet.isData();
        if (!isData && packet.kind() != EventKind.FIN) {
            return Verdict.CONTINUE;
        }
        int number = packet.trafficClass() * DIRECTIONS + packet.direction().ordinal();
        HeldQueue queue = queues[number];
        long releaseNs = isData ? releaseTimes.releaseNs(packet, nowNs) : nowNs;
        if (releaseNs <= nowNs && queue.isEmpty()) {
            return Verdict.CONTINUE;
        }
        return hold(packet, number, Math.max(releaseNs, queue.lastReleaseNs()));
    }

    private Verdict hold(PacketDescriptor packet, int number, long releaseNs) {
        int trafficClass = packet.trafficClass();
        if ((packet.protocol() == IpPacket.UDP || packet.isIpPacket())
                && heldPackets[trafficClass] + packet.packets() > boundPackets[trafficClass]) {
            return DropReason.QUEUE_FULL.drop(packet);
        }
        packet.releaseNs(releaseNs);
        packet.flags(packet.flags() | DescriptorFlags.WAS_HELD);
        heldPackets[trafficClass] += packet.packets();
        queues[number].add(packet);
        if (releaseNs < nextReleaseNs || (releaseNs == nextReleaseNs && number < nextQueue)) {
            nextReleaseNs = releaseNs;
            nextQueue = number;
        }
        return Verdict.HOLD;
    }

    @Override
    public void save(StateWriter to) {
        throw new UnsupportedOperationException("no test saves it");
    }

    @Override
    public void restore(StateReader from) {
        throw new UnsupportedOperationException("no test saves it");
    }

    @Override
    public long nextReleaseNs() {
        return nextReleaseNs;
    }

    @Override
    public PacketDescriptor next(long nowNs) {
        return queues[nextQueue].head();
    }

    @Override
    public void released() {
        HeldQueue queue = queues[nextQueue];
        heldPackets[nextQueue / DIRECTIONS] -= queue.head().packets();
        queue.removeHead();
        nextReleaseNs = Long.MAX_VALUE;
        for (int i = 0; i < queues.length; i++) {
            if (queues[i].nextReleaseNs() < nextReleaseNs) {
                nextReleaseNs = queues[i].nextReleaseNs();
                nextQueue = i;
            }
        }
    }
}
