package io.marchproxy.l3l4.stages.shape;

import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * Entries by a hash: a table of chains, which has at least as many places as there are entries. Which one of a chain is meant, those know
 * who ask. Entries that are given up are kept, and used again.
 */
final class ChainedTable<E extends ChainedTable.Entry<E>> {
    /** What stands in a chain. */
    interface Entry<E extends Entry<E>> {
        /** By which it is found; the same as long as it is here. */
        int hash();

        /** The next in the chain, or among those that are free. */
        @Nullable
        E chained();

        void chained(@Nullable E next);
    }

    private static final int FIRST_PLACES = 64;

    private @Nullable E[] places = newPlaces(FIRST_PLACES);
    private @Nullable E free;
    private int size;

    int size() {
        return size;
    }

    /** The first of the chain in which those of a hash stand, among others. */
    @Nullable
    E first(int hash) {
        return places[hash & (places.length - 1)];
    }

    /** One that was given up, as it was then, to be added again; or null. */
    @Nullable
    E used() {
        E entry = free;
        if (entry != null) {
            free = entry.chained();
        }
        return entry;
    }

    /** Adds an entry that is not here. */
    void add(E entry) {
        if (size == places.length) {
            grow();
        }
        chain(entry);
        size++;
    }

    /** Gives an entry up. */
    @SuppressWarnings("ReferenceEquality") // an entry is itself, and equals nobody
    void remove(E gone) {
        int place = gone.hash() & (places.length - 1);
        E before = places[place];
        if (before == gone) {
            places[place] = gone.chained();
        } else {
            while (before != null && before.chained() != gone) {
                before = before.chained();
            }
            Objects.requireNonNull(before).chained(gone.chained());
        }
        gone.chained(free);
        free = gone;
        size--;
    }

    private void chain(E entry) {
        int place = entry.hash() & (places.length - 1);
        entry.chained(places[place]);
        places[place] = entry;
    }

    private void grow() {
        @Nullable E[] before = places;
        places = newPlaces(2 * before.length);
        for (E first : before) {
            for (E entry = first; entry != null; ) {
                E following = entry.chained();
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
