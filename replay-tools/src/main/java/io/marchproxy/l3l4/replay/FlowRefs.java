package io.marchproxy.l3l4.replay;

import io.marchproxy.l3l4.replay.diff.Client;
import io.marchproxy.l3l4.stages.packet.PacketDescriptor;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/**
 * Which of the candidate's flows is which of the recorded ones. Recorded events name flows by the recorded table's references;
 * other decisions give other ones. Known from where both pipelines handled the event that a flow begins with, or a datagram
 * that is looked up. One place for each slot of the recorded table.
 */
final class FlowRefs {
    private static final int FIRST_ROOM = 1024;
    private static final long NONE = PacketDescriptor.NO_FLOW;

    private final boolean knowsAll;
    private long[] recorded = {};
    private long[] candidate = {};
    private @Nullable Client[] clients = {};

    /**
     * Nothing known yet.
     *
     * @param knowsAll whether every flow's begin will be seen; otherwise flows that are not known here have the same reference on
     *     both sides, as they had when both pipelines began with them
     */
    FlowRefs(boolean knowsAll) {
        this.knowsAll = knowsAll;
    }

    void put(long recordedRef, long candidateRef, @Nullable Client client) {
        int slot = (int) recordedRef;
        if (slot < 0) {
            return;
        }
        if (slot >= recorded.length) {
            int before = recorded.length;
            int room = Math.max(Math.max(FIRST_ROOM, 2 * before), slot + 1);
            recorded = Arrays.copyOf(recorded, room);
            candidate = Arrays.copyOf(candidate, room);
            clients = Arrays.copyOf(clients, room);
            Arrays.fill(recorded, before, room, NONE);
        }
        recorded[slot] = recordedRef;
        candidate[slot] = candidateRef;
        clients[slot] = client;
    }

    boolean isKnown(long recordedRef) {
        int slot = (int) recordedRef;
        return slot >= 0 && slot < recorded.length && recorded[slot] == recordedRef;
    }

    /** The candidate's reference, or {@code NO_FLOW} when the flow is none of the candidate's. */
    long candidateOf(long recordedRef) {
        if (isKnown(recordedRef)) {
            return candidate[(int) recordedRef];
        }
        int slot = (int) recordedRef;
        boolean isUntouched = slot >= 0 && (slot >= recorded.length || recorded[slot] == NONE);
        return isUntouched && !knowsAll ? recordedRef : NONE;
    }

    /** Whose it is; null when it is not known. */
    @Nullable
    Client clientOf(long recordedRef) {
        return isKnown(recordedRef) ? clients[(int) recordedRef] : null;
    }
}
