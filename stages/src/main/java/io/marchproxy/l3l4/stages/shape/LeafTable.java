package io.marchproxy.l3l4.stages.shape;

import io.marchproxy.l3l4.stages.flow.FlowHash;
import java.util.Objects;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * Finds what a leaf has of a client, or of one of its flows: a table of chains, which has at least as many places as there are entries.
 * An entry is here while packets wait in it, or while it is remembered what it owes; those that are left are used again.
 */
final class LeafTable<E extends LeafTable.Entry<E>> {
    /** What is found: by its leaf, a client's address, and a flow reference, or 0 for all flows of the client. */
    abstract static class Entry<E extends Entry<E>> extends ByteTurns.Member<E> {
        @Nullable
        Leaf leaf;

        long clientHigh;
        long clientLow;
        long flowRef;

        /** The next in the chain, or among those that are free. */
        @Nullable
        E chained;

        /** The leaf that it is of, while it is used. */
        final Leaf leaf() {
            return Objects.requireNonNull(leaf);
        }
    }

    private static final int FIRST_PLACES = 64;

    private final FlowHash hash;
    private final Supplier<E> factory;
    private @Nullable E[] places = newPlaces(FIRST_PLACES);
    private @Nullable E free;
    private int size;

    LeafTable(FlowHash hash, Supplier<E> factory) {
        this.hash = hash;
        this.factory = factory;
    }

    /** The entry, or null when there is none. */
    @Nullable
    E find(Leaf leaf, long clientHigh, long clientLow, long flowRef) {
        E entry = places[place(leaf, clientHigh, clientLow, flowRef)];
        while (entry != null
                && (entry.leaf != leaf
                        || entry.clientLow != clientLow
                        || entry.clientHigh != clientHigh
                        || entry.flowRef != flowRef)) {
            entry = entry.chained;
        }
        return entry;
    }

    /** An entry that there is not yet, which owes nothing; else as it was when it was given up. */
    E add(Leaf leaf, long clientHigh, long clientLow, long flowRef) {
        if (size == places.length) {
            grow();
        }
        E entry = free;
        if (entry == null) {
            entry = factory.get();
        } else {
            free = entry.chained;
        }
        entry.leaf = leaf;
        entry.clientHigh = clientHigh;
        entry.clientLow = clientLow;
        entry.flowRef = flowRef;
        entry.beginAnew();
        chain(entry);
        size++;
        return entry;
    }

    /** Gives an entry up. */
    @SuppressWarnings("ReferenceEquality") // an entry is itself, and equals nobody
    void remove(E gone) {
        int place = place(gone.leaf(), gone.clientHigh, gone.clientLow, gone.flowRef);
        E before = places[place];
        if (before == gone) {
            places[place] = gone.chained;
        } else {
            while (before != null && before.chained != gone) {
                before = before.chained;
            }
            Objects.requireNonNull(before).chained = gone.chained;
        }
        gone.leaf = null;
        gone.chained = free;
        free = gone;
        size--;
    }

    private void chain(E entry) {
        int place = place(entry.leaf(), entry.clientHigh, entry.clientLow, entry.flowRef);
        entry.chained = places[place];
        places[place] = entry;
    }

    private int place(Leaf leaf, long clientHigh, long clientLow, long flowRef) {
        return hash.of(clientHigh, clientLow, leaf.number + flowRef * 31) & (places.length - 1);
    }

    private void grow() {
        @Nullable E[] before = places;
        places = newPlaces(2 * before.length);
        for (E first : before) {
            for (E entry = first; entry != null; ) {
                E following = entry.chained;
                chain(entry);
                entry = following;
            }
        }
    }

    @SuppressWarnings({"unchecked", "rawtypes"}) // Nothing else is ever put into it.
    private static <E extends Entry<E>> @Nullable E[] newPlaces(int length) {
        return (E[]) new Entry[length];
    }
}
