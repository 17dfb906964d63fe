package io.marchproxy.l3l4.stages.shape;

import io.marchproxy.l3l4.stages.pipeline.StateWriter;
import java.util.Objects;

/**
 * Clients, and queues of connections, of which nothing waits, but which still owe for their last turns ({@link ByteTurns}): so who sends
 * large packets one by one gets no more than who has a backlog. For each that comes some of the others are looked at, in turns, and those
 * are given up that have paid. There are never more than a bound; beyond it debts are forgotten, one for each that comes.
 */
final class Debts {
    /** How many are looked at for each that comes. */
    private static final int LOOKS = 2;

    private final LeafTable<ClientNode> clients;
    private final LeafTable<ClientQueue> queues;
    private final int most;
    private final TurnRing<ClientNode> ofClients = new TurnRing<>();
    private final TurnRing<ClientQueue> ofQueues = new TurnRing<>();
    private int clientsOwing;
    private int queuesOwing;

    Debts(LeafTable<ClientNode> clients, LeafTable<ClientQueue> queues, int most) {
        this.clients = clients;
        this.queues = queues;
        this.most = most;
    }

    /** A queue is empty and has no turns: it is remembered for what it owes, or given up. */
    void leaves(ClientQueue queue) {
        queue.ceiling = null;
        if (!owes(queue)) {
            queues.remove(queue);
            return;
        }
        for (int left = Math.min(LOOKS, queuesOwing); left > 0; left--) {
            ClientQueue one = Objects.requireNonNull(ofQueues.turn());
            if (queuesOwing < most && owes(one)) {
                ofQueues.turn(one.following());
            } else {
                forget(one);
            }
        }
        remember(queue);
    }

    /** As one that was saved, after those before it. */
    void remember(ClientQueue queue) {
        ofQueues.add(queue);
        queuesOwing++;
        queue.client().owing++;
    }

    /** As {@link #leaves(ClientQueue)}, of a client of which nothing waits. */
    void leaves(ClientNode client) {
        client.ceiling = null;
        if (!owes(client)) {
            giveUpUnlessKept(client);
            return;
        }
        for (int left = Math.min(LOOKS, clientsOwing); left > 0; left--) {
            ClientNode one = Objects.requireNonNull(ofClients.turn());
            if (clientsOwing < most && owes(one)) {
                ofClients.turn(one.following());
            } else {
                forget(one);
            }
        }
        remember(client);
    }

    /** As one that was saved, after those before it. */
    void remember(ClientNode client) {
        ofClients.add(client);
        clientsOwing++;
    }

    /** Something of a client waits again. */
    void comesBack(ClientNode client) {
        if (client.isInRing()) {
            ofClients.remove(client);
            clientsOwing--;
        }
    }

    /** Something waits again in a queue, which is of this client now. */
    @SuppressWarnings("ReferenceEquality") // the very client
    void comesBack(ClientQueue queue, ClientNode of) {
        ClientNode client = queue.client();
        comesBack(queue);
        if (client != of) {
            // Who has a bucket of its own again, or none any more, takes other turns.
            queue.beginAnew();
            giveUpUnlessKept(client);
        }
    }

    private void comesBack(ClientQueue queue) {
        ofQueues.remove(queue);
        queuesOwing--;
        queue.client().owing--;
    }

    private void forget(ClientNode client) {
        comesBack(client);
        giveUpUnlessKept(client);
    }

    private void forget(ClientQueue queue) {
        comesBack(queue);
        queues.remove(queue);
        giveUpUnlessKept(queue.client());
    }

    private void giveUpUnlessKept(ClientNode client) {
        if (client.queues == 0 && client.owing == 0 && !client.isInRing()) {
            clients.remove(client);
        }
    }

    private static boolean owes(ClientNode client) {
        return client.leaf().turns.owes(client);
    }

    private static boolean owes(ClientQueue queue) {
        return queue.client().turns.owes(queue);
    }

    /** Gives all up that have paid; so nobody is left of a leaf that nothing will wait in any more. */
    void tidy() {
        for (ClientQueue queue : ofQueues.inOrder()) {
            if (!owes(queue)) {
                forget(queue);
            }
        }
        for (ClientNode client : ofClients.inOrder()) {
            if (!owes(client)) {
                forget(client);
            }
        }
    }

    /** Writes all of them in the order in which they will be looked at. */
    void save(StateWriter to) {
        to.number(clientsOwing);
        for (ClientNode client : ofClients.inOrder()) {
            save(client.leaf(), to);
            client.saveAlone(to);
        }
        to.number(queuesOwing);
        for (ClientQueue queue : ofQueues.inOrder()) {
            save(queue.leaf(), to);
            queue.client().saveAlone(to);
            queue.saveAlone(to);
        }
    }

    private static void save(Leaf leaf, StateWriter to) {
        to.number(leaf.service.number);
        to.number(leaf.trafficClass.number);
    }
}
