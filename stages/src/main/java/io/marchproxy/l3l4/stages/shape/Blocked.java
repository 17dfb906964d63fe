package io.marchproxy.l3l4.stages.shape;

import io.marchproxy.l3l4.stages.packet.SingleWriter;
import io.marchproxy.l3l4.stages.pipeline.StateReader;
import io.marchproxy.l3l4.stages.pipeline.StateWriter;
import java.util.List;

/**
 * Who is at a ceiling of its own, and until when: services, clients and connections. Such have no turns, so none is spent on one
 * that can't send. Each is here once, whatever waits under it, so that to wait and to go on costs O(log n) among n that do; and each
 * that goes on can send, as far as its own ceiling goes, before it waits again.
 */
final class Blocked extends SingleWriter {
    /** Later than anybody waits. */
    private static final long ALL = Long.MAX_VALUE - 1;

    private final HeldPackets packets;
    private final Promises promises;
    private final Waits<ServiceNode> services = new Waits<>();
    private final Waits<ClientNode> clients = new Waits<>();
    private final Waits<ClientQueue> queues = new Waits<>();

    Blocked(HeldPackets packets, Promises promises) {
        this.packets = packets;
        this.promises = promises;
    }

    /** When the first goes on; {@code Long.MAX_VALUE} when there is nobody. */
    long firstNs() {
        return Math.min(services.firstNs(), Math.min(clients.firstNs(), queues.firstNs()));
    }

    /** Lets those have turns whose time has come. */
    void goOn(long nowNs) {
        while (queues.firstNs() <= nowNs) {
            goOn(queues.removeFirst().who);
        }
        while (clients.firstNs() <= nowNs) {
            goOn(clients.removeFirst().who);
        }
        servicesGoOn(nowNs);
    }

    /** Another share of a service's limits: it looks again whether it must wait. */
    void lookAgain(ServiceNode service) {
        if (service.forCeiling.isOn) {
            services.remove(service.forCeiling);
            goOn(service);
        }
    }

    private void servicesGoOn(long untilNs) {
        while (services.firstNs() <= untilNs) {
            goOn(services.removeFirst().who);
        }
    }

    /** Everybody looks again whether he must wait. */
    void everybodyGoesOn() {
        goOn(ALL);
    }

    /** A service at its ceiling waits, and its leaves have no turns. */
    void block(ServiceNode service, long nowNs) {
        services.add(service.forCeiling, service.ceiling.opensNs(nowNs));
        for (int i = 0; i < Schedule.CLASSES; i++) {
            Leaf leaf = service.findLeaf(i);
            if (leaf != null && leaf.hasTurns()) {
                leaf.trafficClass.turns.remove(leaf);
            }
        }
        promises.withdraw(service);
    }

    /**
     * Whether somebody in a leaf may go on, as far as ceilings of connections and clients go: it is the one whose turn it is then.
     * Those before it wait, and if there is nobody, the leaf has no turns.
     */
    boolean opens(Leaf leaf, long nowNs) {
        while (!leaf.isEmpty()) {
            ClientQueue queue = leaf.turn();
            ClientNode client = queue.client();
            int bytes = packets.at(queue.head()).lengthBytes();
            if (!queue.opens(bytes, nowNs)) {
                ClientQueues.hasNoTurn(queue);
                queues.add(queue.forCeiling, queue.opensNs(nowNs));
            } else if (!client.opens(bytes, nowNs)) {
                leaf.turns.remove(client);
                clients.add(client.forCeiling, client.opensNs(nowNs));
            } else {
                return true;
            }
        }
        emptied(leaf);
        return false;
    }

    /** Something more waits in a leaf. */
    void arrived(Leaf leaf) {
        if (!leaf.service.forCeiling.isOn && !leaf.hasTurns() && !leaf.isEmpty()) {
            leaf.trafficClass.turns.add(leaf);
        }
        promises.arrived(leaf);
    }

    /** Nothing waits in a leaf any more that might have a turn. */
    void emptied(Leaf leaf) {
        if (leaf.hasTurns()) {
            leaf.trafficClass.turns.remove(leaf);
        }
        if (!leaf.service.isReady()) {
            promises.withdraw(leaf.service);
        }
    }

    private void goOn(ClientQueue queue) {
        ClientQueues.hasTurn(queue);
        arrived(queue.leaf());
    }

    private void goOn(ClientNode client) {
        client.leaf().turns.add(client);
        arrived(client.leaf());
    }

    private void goOn(ServiceNode service) {
        for (int i = 0; i < Schedule.CLASSES; i++) {
            Leaf leaf = service.findLeaf(i);
            if (leaf != null && !leaf.isEmpty()) {
                leaf.trafficClass.turns.add(leaf);
            }
        }
        promises.offer(service);
    }

    /** Writes clients and queues that wait, with what waits in them, in the order in which they began to be there. */
    void save(StateWriter to) {
        List<Wait<ClientNode>> ofClients = clients.inOrder();
        to.number(ofClients.size());
        for (Wait<ClientNode> wait : ofClients) {
            save(wait.who.leaf(), wait.untilNs, to);
            wait.who.save(packets, to);
        }
        List<Wait<ClientQueue>> ofQueues = queues.inOrder();
        to.number(ofQueues.size());
        for (Wait<ClientQueue> wait : ofQueues) {
            save(wait.who.leaf(), wait.untilNs, to);
            wait.who.client().saveAlone(to);
            wait.who.save(packets, to);
        }
    }

    private static void save(Leaf leaf, long untilNs, StateWriter to) {
        to.number(leaf.service.number);
        to.number(leaf.trafficClass.number);
        to.number(untilNs);
    }

    /** Has a service wait that did when it was saved. */
    void restore(ServiceNode service, StateReader from) {
        services.restore(service.forCeiling, from);
    }

    /** Has a client wait that did when it was saved. */
    void restore(ClientNode client, long untilNs) {
        clients.add(client.forCeiling, untilNs);
    }

    /** Has a queue wait that did when it was saved. */
    void restore(ClientQueue queue, long untilNs) {
        queues.add(queue.forCeiling, untilNs);
    }
}
