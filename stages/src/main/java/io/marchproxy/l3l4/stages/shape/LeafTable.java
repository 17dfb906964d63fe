package io.marchproxy.l3l4.stages.shape;

import io.marchproxy.l3l4.stages.flow.FlowHash;
import java.util.Objects;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * Finds what a leaf has of a client, or of one of its flows. An entry is here while packets wait in it, or while it is remembered what
 * it owes.
 */
final class LeafTable<E extends LeafTable.Entry<E>> {
    /** What is found: by its leaf, a client's address, and a flow reference, or 0 for all flows of the client. */
    abstract static class Entry<E extends Entry<E>> extends ByteTurns.Member<E> implements ChainedTable.Entry<E> {
        @Nullable
        Leaf leaf;

        long clientHigh;
        long clientLow;
        long flowRef;

        int hash;
        private @Nullable E chained;

        @Override
        public final int hash() {
            return hash;
        }

        @Override
        public final @Nullable E chained() {
            return chained;
        }

        @Override
        public final void chained(@Nullable E next) {
            chained = next;
        }

        /** The leaf that it is of, while it is used. */
        final Leaf leaf() {
            return Objects.requireNonNull(leaf);
        }
    }

    private final FlowHash hash;
    private final Supplier<E> factory;
    private final ChainedTable<E> table = new ChainedTable<>();

    LeafTable(FlowHash hash, Supplier<E> factory) {
        this.hash = hash;
        this.factory = factory;
    }

    /** The entry, or null when there is none. */
    @Nullable
    E find(Leaf leaf, long clientHigh, long clientLow, long flowRef) {
        E entry = table.first(hash(leaf, clientHigh, clientLow, flowRef));
        while (entry != null
                && (entry.leaf != leaf
                        || entry.clientLow != clientLow
                        || entry.clientHigh != clientHigh
                        || entry.flowRef != flowRef)) {
            entry = entry.chained();
        }
        return entry;
    }

    /** An entry that there is not yet, which owes nothing; else as it was when it was given up. */
    E add(Leaf leaf, long clientHigh, long clientLow, long flowRef) {
        E entry = table.used();
        if (entry == null) {
            entry = factory.get();
        }
        entry.leaf = leaf;
        entry.clientHigh = clientHigh;
        entry.clientLow = clientLow;
        entry.flowRef = flowRef;
        entry.hash = hash(leaf, clientHigh, clientLow, flowRef);
        entry.beginAnew();
        table.add(entry);
        return entry;
    }

    /** Gives an entry up. */
    void remove(E gone) {
        table.remove(gone);
        gone.leaf = null;
    }

    private int hash(Leaf leaf, long clientHigh, long clientLow, long flowRef) {
        return hash.of(clientHigh, clientLow, leaf.number + flowRef * 31);
    }
}
