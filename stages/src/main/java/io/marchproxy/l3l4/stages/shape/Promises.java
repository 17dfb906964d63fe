package io.marchproxy.l3l4.stages.shape;

import io.marchproxy.l3l4.stages.packet.SingleWriter;
import io.marchproxy.l3l4.stages.pipeline.StateReader;
import io.marchproxy.l3l4.stages.pipeline.StateWriter;
import org.jspecify.annotations.Nullable;

/**
 * Services that have a guarantee to use and something to use it for: they take turns packet by packet. Those that have used it up, or
 * can't use it for ceilings of classes, wait until they can.
 */
final class Promises extends SingleWriter {
    private final TurnRing<ServiceNode> turns = new TurnRing<>();
    private final Waits<ServiceNode> waits = new Waits<>();

    /** Whose turn it is; those come back first who may use their guarantees again. */
    @Nullable
    ServiceNode turn(long nowNs) {
        while (waits.firstNs() <= nowNs) {
            offer(waits.removeFirst().who);
        }
        return turns.turn();
    }

    /** A service sends by its guarantee: the next turn is another's. */
    void used(ServiceNode service) {
        turns.turn(service.following());
    }

    /** Lets a service have turns, if there is something to be promised. */
    void offer(ServiceNode service) {
        if (service.isPromised() && !service.isInRing()) {
            turns.add(service);
        }
    }

    /** Something more waits in a leaf. */
    void arrived(Leaf leaf) {
        ServiceNode service = leaf.service;
        if (!leaf.isEmpty() && service.waitsForOthersThan(leaf.trafficClass)) {
            waits.remove(service.forGuarantee);
        }
        offer(service);
    }

    /** Takes a service's turns from it: nothing of it waits, or its ceiling is reached. */
    void withdraw(ServiceNode service) {
        if (service.isInRing()) {
            turns.remove(service);
        }
    }

    /**
     * Has a service wait that has turns.
     *
     * @param closedClasses whose ceilings keep it from using its guarantee; 0 if that is used up
     */
    void await(ServiceNode service, int closedClasses, long untilNs) {
        turns.remove(service);
        service.closedClasses = closedClasses;
        waits.add(service.forGuarantee, untilNs);
    }

    /** Another share of a service's limits: it looks again whether it must wait. */
    void goOn(ServiceNode service) {
        if (service.forGuarantee.isOn) {
            waits.remove(service.forGuarantee);
            offer(service);
        }
    }

    /** Another share of a class's ceiling: those look again that wait for it, in the order in which they would have. */
    void goOn(ClassNode trafficClass) {
        for (Wait<ServiceNode> wait : waits.inTime()) {
            if ((wait.who.closedClasses & trafficClass.bit()) != 0) {
                goOn(wait.who);
            }
        }
    }

    /** Other limits: all look again whether they must wait. */
    void everybodyGoesOn() {
        while (!waits.isEmpty()) {
            offer(waits.removeFirst().who);
        }
    }

    /** New guarantees: some have one who had none, or none any more. */
    void lookAgain(ServiceNode service) {
        if (!service.isPromised()) {
            withdraw(service);
        }
        offer(service);
    }

    void save(StateWriter to) {
        turns.save(to, service -> service.number);
    }

    /** Writes until when a service waits, if it does. */
    static void save(ServiceNode service, StateWriter to) {
        service.forGuarantee.save(to);
        to.number(service.closedClasses);
    }

    void restore(ServiceNode[] services, StateReader from) {
        for (int left = from.number(0, services.length); left > 0; left--) {
            turns.add(services[from.number(0, services.length - 1)]);
        }
    }

    void restore(ServiceNode service, StateReader from) {
        waits.restore(service.forGuarantee, from);
        service.closedClasses = from.number(0, (1 << Schedule.CLASSES) - 1);
    }
}
