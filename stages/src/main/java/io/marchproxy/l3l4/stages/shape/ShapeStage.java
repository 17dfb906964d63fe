package io.marchproxy.l3l4.stages.shape;

import io.marchproxy.l3l4.stages.flow.FlowTable;
import io.marchproxy.l3l4.stages.packet.Direction;
import io.marchproxy.l3l4.stages.packet.EventKind;
import io.marchproxy.l3l4.stages.packet.PacketDescriptor;
import io.marchproxy.l3l4.stages.packet.SingleWriter;
import io.marchproxy.l3l4.stages.pipeline.Reclassifier;
import io.marchproxy.l3l4.stages.pipeline.StateReader;
import io.marchproxy.l3l4.stages.pipeline.StateWriter;
import io.marchproxy.l3l4.stages.pipeline.Verdict;
import org.jspecify.annotations.Nullable;

/**
 * Decides when a packet may leave, and holds it until then; each direction by itself.
 *
 * <p>Packets of a flow never overtake one another, and the end of a stream (FIN) stays behind its bytes. A reset overtakes: what it
 * would wait for is no longer wanted. A class that holds as many datagrams as it may drops further ones, and a client's datagrams that
 * wait too long for too long are marked or dropped, one now and then ({@link Codel}); bytes of a TCP stream are
 * never dropped, since what waits here counts as under way, and the engine stops reading a connection that has too much of that.
 */
public final class ShapeStage extends SingleWriter implements HoldingStage {
    private final Policing policing = new Policing();
    private final DirectionShaper toBackend;
    private final DirectionShaper toClient;

    /** Whether there is no limit; while nothing waits, a packet then passes without a look. */
    private boolean passesAll;

    private long nextReleaseNs = Long.MAX_VALUE;

    /** The shaper that lent a packet, and the time at which it did. */
    private DirectionShaper lender;

    private long lentNs;

    /** A stage with its first settings. */
    public ShapeStage(ShapeSettings settings, FlowTable flows) {
        HeldPackets packets = new HeldPackets();
        toBackend = new DirectionShaper(packets, flows);
        toClient = new DirectionShaper(packets, flows);
        lender = toBackend;
        apply(settings, null, Long.MIN_VALUE);
    }

    @Override
    public void apply(ShapeSettings settings, @Nullable Reclassifier classes, long nowNs) {
        policing.apply(settings, nowNs);
        passesAll = !settings.limitsAnything();
        if (classes != null) {
            // A flow is classified with the first of its packets: nothing of it is known to wait yet, in either
            // direction.
            toBackend.forgetClasses();
            toClient.forgetClasses();
        }
        toBackend.apply(settings, false, classes, nowNs);
        toClient.apply(settings, true, classes, nowNs);
        lookAgain();
    }

    @Override
    public void share(Direction direction, ShareOf of, int which, int share, long nowNs) {
        if (of == ShareOf.POLICER) {
            policing.share(direction, which, share, nowNs);
            return;
        }
        (direction == Direction.TO_BACKEND ? toBackend : toClient).share(of, which, share, nowNs);
        lookAgain();
    }

    @Override
    public Verdict process(PacketDescriptor packet, long nowNs) {
        if (policing.isOf(packet) && policing.process(packet, nowNs) == Verdict.DROP) {
            return Verdict.DROP;
        }
        if (passesAll && nextReleaseNs == Long.MAX_VALUE) {
            return Verdict.CONTINUE;
        }
        if (!packet.isData() && packet.kind() != EventKind.FIN) {
            return Verdict.CONTINUE;
        }
        Verdict verdict = (packet.isToBackend() ? toBackend : toClient).process(packet, nowNs);
        if (verdict == Verdict.HOLD) {
            lookAgain();
        }
        return verdict;
    }

    @Override
    public int waitingClass(long flowRef, boolean isToBackend) {
        return (isToBackend ? toBackend : toClient).waitingClass(flowRef);
    }

    @Override
    public long nextReleaseNs() {
        return nextReleaseNs;
    }

    @Override
    public @Nullable PacketDescriptor next(long nowNs) {
        lentNs = nowNs;
        lender = toBackend.dueNs() <= toClient.dueNs() ? toBackend : toClient;
        PacketDescriptor packet = lender.next(nowNs);
        lookAgain();
        return packet;
    }

    @Override
    public void released() {
        lender.released(lentNs);
        lookAgain();
    }

    @Override
    public void save(StateWriter to) {
        policing.save(to);
        toBackend.save(to);
        toClient.save(to);
    }

    @Override
    public void restore(StateReader from) {
        policing.restore(from);
        toBackend.restore(from);
        toClient.restore(from);
        lookAgain();
    }

    private void lookAgain() {
        nextReleaseNs = Math.min(toBackend.dueNs(), toClient.dueNs());
    }

    @Override
    public Policed policed() {
        return policing;
    }

    /** Datagrams of a class that wait in a direction. */
    public int heldDatagrams(int trafficClass, boolean isToClient) {
        return (isToClient ? toClient : toBackend).heldDatagrams(trafficClass);
    }
}
