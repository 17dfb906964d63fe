package io.marchproxy.l3l4.replay.flows;

import io.marchproxy.l3l4.replay.UnreadableException;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.PriorityQueue;
import org.jspecify.annotations.Nullable;

/**
 * Puts flows in order, or takes the first few of an order, before they are written. Without an order they pass as they come. What is
 * kept in memory is bounded: more is refused with a message, before the memory ends.
 */
final class FlowOrder {
    /** A flow's record with its two addresses, generously. */
    private static final long BYTES_OF_A_FLOW = 400;

    /** Flows that an order may hold: as many as fit in half of the heap. */
    static final int MOST = (int) Math.min(10_000_000, Runtime.getRuntime().maxMemory() / 2 / BYTES_OF_A_FLOW);

    /** By what. */
    enum Key {
        START(Comparator.comparingLong(Flow::startUs), false),
        END(Comparator.comparingLong(Flow::endUs), false),
        DURATION(Comparator.comparingLong(Flow::durationNs), true),
        BYTES(Comparator.comparingLong(Flow::bytes), true),
        BYTES_TO_BACKEND(Comparator.comparingLong(Flow::bytesToBackend), true),
        BYTES_TO_CLIENT(Comparator.comparingLong(Flow::bytesToClient), true),
        PACKETS(Comparator.comparingLong(Flow::packets), true),
        DROPS(Comparator.comparingLong(Flow::droppedPackets), true),
        CLIENT(
                Comparator.comparingInt((Flow flow) -> flow.client().ipVersion())
                        .thenComparing(flow -> flow.client().high(), Long::compareUnsigned)
                        .thenComparing(flow -> flow.client().low(), Long::compareUnsigned)
                        .thenComparingInt(flow -> flow.client().port()),
                false),
        SERVICE(Comparator.comparing(Flow::service), false);

        @SuppressWarnings("ImmutableEnumChecker") // made of method references, without state
        private final Comparator<Flow> ascending;

        private final boolean highestFirst;

        Key(Comparator<Flow> ascending, boolean highestFirst) {
            this.ascending = ascending;
            this.highestFirst = highestFirst;
        }

        String label() {
            return name().toLowerCase(Locale.ROOT).replace('_', '-');
        }

        /** The order; equal ones by their begin. */
        Comparator<Flow> order(boolean reversed) {
            Comparator<Flow> order = highestFirst == reversed ? ascending : ascending.reversed();
            return order.thenComparingLong(Flow::startUs);
        }
    }

    private final FlowOutput out;
    private final @Nullable Comparator<Flow> order;
    private final long top;
    private final int most;
    private final List<Flow> all = new ArrayList<>();
    private final PriorityQueue<Flow> first;
    private long passed;

    /**
     * An order before the first flow.
     *
     * @param order null for none
     * @param top how many to write; {@code Long.MAX_VALUE} for all
     * @param most that may be held
     */
    FlowOrder(FlowOutput out, @Nullable Comparator<Flow> order, long top, int most) throws UnreadableException {
        this.out = out;
        this.order = order;
        this.top = top;
        this.most = most;
        if (order != null && top != Long.MAX_VALUE && top > most) {
            throw new UnreadableException(String.format(
                    Locale.ROOT,
                    "--top is %,d at the most in %s of memory: give the tool more by JAVA_OPTS=-Xmx",
                    most,
                    heap()));
        }
        first = new PriorityQueue<>(order == null ? Comparator.comparingLong(Flow::startUs) : order.reversed());
    }

    private static String heap() {
        return FlowTable.size(Runtime.getRuntime().maxMemory());
    }

    /** Whether no more flows are wanted. */
    boolean isFull() {
        return order == null && passed >= top;
    }

    void add(Flow flow) throws IOException {
        Comparator<Flow> wanted = order;
        if (wanted == null) {
            if (passed < top) {
                passed++;
                out.write(flow);
            }
        } else if (top == Long.MAX_VALUE) {
            if (all.size() == most) {
                throw new UnreadableException(String.format(
                        Locale.ROOT,
                        "more than %,d flows can't be put in order in %s of memory: choose fewer by --top, a filter, --from or --to,"
                                + " leave --sort out, or give the tool more by JAVA_OPTS=-Xmx",
                        most,
                        heap()));
            }
            all.add(flow);
        } else if (first.size() < top) {
            first.add(flow);
        } else {
            Flow last = first.peek();
            if (last != null && wanted.compare(flow, last) < 0) {
                first.poll();
                first.add(flow);
            }
        }
    }

    /** Writes what was held. */
    void finish() throws IOException {
        Comparator<Flow> wanted = order;
        if (wanted != null) {
            List<Flow> sorted = top == Long.MAX_VALUE ? all : new ArrayList<>(first);
            sorted.sort(wanted);
            for (Flow flow : sorted) {
                out.write(flow);
            }
        }
    }
}
