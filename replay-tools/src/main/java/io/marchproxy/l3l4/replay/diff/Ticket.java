package io.marchproxy.l3l4.replay.diff;

import org.jspecify.annotations.Nullable;

/**
 * One decision on its way through both pipelines: a packet, the opening of a connection, or a connect that failed. It goes
 * with the packet through the queues, and is settled when both have decided. Reused; one thread.
 */
public final class Ticket {
    private final Fate before = new Fate();
    private final Fate after = new Fate();
    boolean isData;
    boolean toBackend;
    boolean counts;
    int service;
    int packets;
    int bytes;
    long arrivalNs;

    @Nullable
    Client client;

    /** In the list of those that wait. */
    @Nullable
    Ticket previous;

    @Nullable
    Ticket next;

    Ticket() {}

    /**
     * Begins anew.
     *
     * @param data whether it is bytes that are decided about
     * @param decisions that it stands for: packets, or one connection
     * @param counted false for what is outside the time that is looked at
     */
    public void begin(
            boolean data, boolean towardsBackend, int decisions, int length, long arrivedNs, boolean counted) {
        before.clear();
        after.clear();
        isData = data;
        toBackend = towardsBackend;
        packets = decisions;
        bytes = length;
        arrivalNs = arrivedNs;
        counts = counted;
    }

    /** Says whose it is: numbers of the ledger. */
    public void belongsTo(int ofService, Client ofClient) {
        service = ofService;
        client = ofClient;
    }

    /** Under the recorded configuration. */
    public Fate before() {
        return before;
    }

    /** Under the candidate. */
    public Fate after() {
        return after;
    }

    /** Whether both have decided. */
    public boolean isSettled() {
        return before.isSettled() && after.isSettled();
    }
}
