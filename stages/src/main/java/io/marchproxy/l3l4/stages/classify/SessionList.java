package io.marchproxy.l3l4.stages.classify;

import io.marchproxy.l3l4.stages.flow.FlowEntry;
import io.marchproxy.l3l4.stages.flow.FlowLayout;
import io.marchproxy.l3l4.stages.flow.FlowTable;
import io.marchproxy.l3l4.stages.packet.IpPacket;
import io.marchproxy.l3l4.stages.packet.Memory;
import io.marchproxy.l3l4.stages.pipeline.StateReader;
import io.marchproxy.l3l4.stages.pipeline.StateWriter;

/**
 * The UDP sessions of one service in the order of their creation, linked through their flow entries.
 *
 * <p>At the cap the longest silent of the eight oldest makes way; those that it outlived go to the end of the list, so
 * that the next eviction looks at others. That is second chance (Corbató, "A paging experiment with the Multics system",
 * 1968) over a sample: a packet never has to move its session in a list, as true least-recently-used order would ask, and
 * an eviction costs eight look-ups at the most.
 */
final class SessionList {
    private static final int SAMPLE = 8;
    private static final int NONE = -1;

    private final FlowTable flows;
    private int first = NONE;
    private int last = NONE;
    private int size;

    SessionList(FlowTable flows) {
        this.flows = flows;
    }

    int size() {
        return size;
    }

    void append(int slot, long entry) {
        previous(entry, last);
        next(entry, NONE);
        if (last == NONE) {
            first = slot;
        } else {
            next(flows.entryAt(last), slot);
        }
        last = slot;
        size++;
    }

    void remove(long entry) {
        int previous = previous(entry);
        int next = next(entry);
        if (previous == NONE) {
            first = next;
        } else {
            next(flows.entryAt(previous), next);
        }
        if (next == NONE) {
            last = previous;
        } else {
            previous(flows.entryAt(next), previous);
        }
        size--;
    }

    /** The slot of the session to end for a new one; −1 when there is none. The sessions that it was weighed against go to the end. */
    int chooseVictim() {
        int victim = NONE;
        long silentSinceNs = Long.MAX_VALUE;
        int slot = first;
        int sampled = 0;
        for (; sampled < SAMPLE && slot != NONE; sampled++) {
            long entry = flows.entryAt(slot);
            if (FlowEntry.lastSeenNs(entry) < silentSinceNs) {
                silentSinceNs = FlowEntry.lastSeenNs(entry);
                victim = slot;
            }
            slot = next(entry);
        }
        slot = first;
        for (int moved = 0; moved < sampled; moved++) {
            long entry = flows.entryAt(slot);
            int following = next(entry);
            if (slot != victim) {
                remove(entry);
                append(slot, entry);
            }
            slot = following;
        }
        return victim;
    }

    /** Writes the list's ends; its links stand in the flow entries. */
    void save(StateWriter to) {
        to.number(first);
        to.number(last);
        to.number(size);
    }

    /** Takes over what was saved; the flow entries are there again. */
    void restore(StateReader from) {
        first = from.number(NONE, flows.slots() - 1);
        last = from.number(NONE, flows.slots() - 1);
        size = from.number(0, flows.slots());
        int before = NONE;
        int slot = first;
        for (int i = 0; i < size; i++) {
            long entry = slot < 0 || slot >= flows.slots() ? 0 : flows.entry(flows.refAt(slot));
            if (entry == 0 || FlowEntry.protocol(entry) != IpPacket.UDP || previous(entry) != before) {
                throw new IllegalStateException("a list of sessions is broken at slot " + slot);
            }
            before = slot;
            slot = next(entry);
        }
        if (slot != NONE || last != before) {
            throw new IllegalStateException("a list of sessions has no end");
        }
    }

    private static int previous(long entry) {
        return Memory.getInt(entry + FlowLayout.SESSION_PREVIOUS);
    }

    private static void previous(long entry, int value) {
        Memory.putInt(entry + FlowLayout.SESSION_PREVIOUS, value);
    }

    private static int next(long entry) {
        return Memory.getInt(entry + FlowLayout.SESSION_NEXT);
    }

    private static void next(long entry, int value) {
        Memory.putInt(entry + FlowLayout.SESSION_NEXT, value);
    }
}
