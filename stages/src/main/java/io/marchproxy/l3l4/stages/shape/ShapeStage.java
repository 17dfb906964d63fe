package io.marchproxy.l3l4.stages.shape;

import io.marchproxy.l3l4.stages.packet.DescriptorFlags;
import io.marchproxy.l3l4.stages.packet.EventKind;
import io.marchproxy.l3l4.stages.packet.IpPacket;
import io.marchproxy.l3l4.stages.packet.PacketDescriptor;
import io.marchproxy.l3l4.stages.packet.SingleWriter;
import io.marchproxy.l3l4.stages.pipeline.DropReason;
import io.marchproxy.l3l4.stages.pipeline.Stage;
import io.marchproxy.l3l4.stages.pipeline.StateReader;
import io.marchproxy.l3l4.stages.pipeline.StateWriter;
import io.marchproxy.l3l4.stages.pipeline.Verdict;
import java.util.Arrays;

/**
 * Decides when a packet may leave, and holds it until then, in a queue for each class and direction.
 *
 * <p>What waits in a queue holds back what comes after it, so packets of a flow never overtake one another, and the end of
 * a stream (FIN) stays behind its bytes. A reset overtakes: what it would wait for is no longer wanted. A class that holds
 * as many packets as it may drops further datagrams; bytes of a TCP stream are never dropped, since the engine stops
 * reading a connection long before.
 */
public final class ShapeStage extends SingleWriter implements Stage {
    private static final int CLASSES = 4;
    private static final int DIRECTIONS = 2;

    private final HeldQueue[] queues = new HeldQueue[CLASSES * DIRECTIONS];
    private final int[] boundPackets = new int[CLASSES];
    private final int[] heldPackets = new int[CLASSES];
    private final ReleaseTimes releaseTimes;

    /** Whether nothing is ever held for its own sake; while nothing else waits, a packet then passes without a look at its queue. */
    private final boolean passesAll;

    /** The queue whose head leaves next, and when; kept, so that a packet costs one comparison. */
    private int nextQueue;

    private long nextReleaseNs = Long.MAX_VALUE;

    /** A stage that lets everything leave at once. */
    public ShapeStage(ShapeSettings settings) {
        this(settings, ReleaseTimes.AT_ONCE, true);
    }

    ShapeStage(ShapeSettings settings, ReleaseTimes releaseTimes) {
        this(settings, releaseTimes, false);
    }

    private ShapeStage(ShapeSettings settings, ReleaseTimes releaseTimes, boolean passesAll) {
        this.releaseTimes = releaseTimes;
        this.passesAll = passesAll;
        Arrays.setAll(queues, i -> new HeldQueue());
        apply(settings);
    }

    /** Takes over a snapshot. What waits, waits on, also past a smaller bound. */
    public void apply(ShapeSettings settings) {
        for (int i = 0; i < CLASSES; i++) {
            boundPackets[i] = settings.queuePackets(i);
        }
    }

    @Override
    public Verdict process(PacketDescriptor packet, long nowNs) {
        if (passesAll && nextReleaseNs == Long.MAX_VALUE) {
            return Verdict.CONTINUE;
        }
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
        boolean mayBeDropped = packet.protocol() == IpPacket.UDP || packet.isIpPacket();
        if (mayBeDropped && heldPackets[trafficClass] + packet.packets() > boundPackets[trafficClass]) {
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

    /** When the next packet that waits may leave; {@code Long.MAX_VALUE} when none waits. */
    public long nextReleaseNs() {
        return nextReleaseNs;
    }

    /**
     * The packet that leaves next; of several due at one time, the highest class's, and of these the one towards the
     * backend. Lent until {@link #released}; there must be one.
     */
    public PacketDescriptor next() {
        return queues[nextQueue].head();
    }

    /** Takes out the packet that {@link #next} lent. */
    public void released() {
        HeldQueue queue = queues[nextQueue];
        heldPackets[nextQueue / DIRECTIONS] -= queue.head().packets();
        queue.removeHead();
        findNext();
    }

    private void findNext() {
        nextReleaseNs = Long.MAX_VALUE;
        for (int i = 0; i < queues.length; i++) {
            if (queues[i].nextReleaseNs() < nextReleaseNs) {
                nextReleaseNs = queues[i].nextReleaseNs();
                nextQueue = i;
            }
        }
    }

    /** Writes all packets that wait, in the order in which they leave their queues. */
    @Override
    public void save(StateWriter to) {
        for (HeldQueue queue : queues) {
            queue.save(to);
        }
    }

    @Override
    public void restore(StateReader from) {
        for (int i = 0; i < queues.length; i++) {
            heldPackets[i / DIRECTIONS] += queues[i].restore(from);
        }
        findNext();
    }

    /** Packets of a class that wait, both directions together. */
    public int heldPackets(int trafficClass) {
        return heldPackets[trafficClass];
    }
}
