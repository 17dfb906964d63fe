package io.marchproxy.l3l4.stages.shape;

import io.marchproxy.l3l4.stages.pipeline.StateReader;
import io.marchproxy.l3l4.stages.pipeline.StateWriter;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * Who takes turns by bytes: deficit round robin (see {@link Schedule}), in which each knows the round of its next turn. A packet that is
 * larger than what a turn brings is paid for by rounds without a turn, and those are not gone through one by one: whose turn it is
 * stands at the top of a heap, by round, and within a round in the order in which they came to it. So a turn costs O(log n) at the most,
 * whatever the sizes of packets.
 *
 * <p>Who leaves with a debt and comes back before it is paid goes on where it was, as in Linux's fq_codel, which keeps a flow in its
 * lists until its turn has come; else it would be free of what it owes whenever its queue is empty for a moment. Once nobody is left
 * that might have a turn, all debts are over.
 */
final class ByteTurns<M extends ByteTurns.Member<M>> {
    /** Who may have turns. */
    abstract static class Member<M extends Member<M>> extends TurnRing.Member<M> {
        static final int OUT = -1;

        /** What it may still send in its turn, in bytes; at or below zero the turn is over. */
        long deficit = Schedule.QUANTUM;

        /** The round in which it has its turn, or before which it can't have one. */
        long round;

        /** Of those that have a turn in one round the lowest is first. */
        long arrival;

        /** Where it is in the heap. */
        int place = OUT;

        final boolean hasTurns() {
            return place != OUT;
        }

        /** Has a turn be over: the next one is as many rounds later as it takes to pay. */
        final void endTurn() {
            long rounds = 1 + Math.max(0, -deficit) / Schedule.QUANTUM;
            round += rounds;
            deficit = Math.min(Schedule.QUANTUM, deficit + rounds * Schedule.QUANTUM);
        }

        final boolean isBefore(Member<M> other) {
            return round < other.round || (round == other.round && arrival < other.arrival);
        }

        /** Owes nothing. */
        final void beginAnew() {
            deficit = Schedule.QUANTUM;
            round = 0;
        }

        final void saveTurn(StateWriter to) {
            to.number(deficit);
            to.number(round);
        }

        final void restoreTurn(StateReader from) {
            deficit = from.number();
            round = from.number();
        }
    }

    private @Nullable M[] heap = newHeap(4);
    private int size;

    /** The round that it is. */
    private long round;

    /** The last in which anybody has a turn so far. */
    private long last;

    private long arrivals;

    boolean isEmpty() {
        return size == 0;
    }

    /** Whose turn it is; there must be somebody. Asked again before anybody has paid, the answer is the same. */
    M turn() {
        M first = at(0);
        while (first.deficit <= 0) {
            first.endTurn();
            arrives(first);
            sink(0, first);
            first = at(0);
        }
        round = first.round;
        return first;
    }

    /** Lets in who has no turns: as the last of the next round, unless it still owes for more. */
    void add(M member) {
        if (!owes(member)) {
            member.round = round + 1;
            member.deficit = Schedule.QUANTUM;
        }
        restore(member);
    }

    /** As {@link #add}, of who has the turn that it had when it was saved. */
    void restore(M member) {
        arrives(member);
        if (size == heap.length) {
            heap = Arrays.copyOf(heap, 2 * size);
        }
        rise(size++, member);
    }

    private void arrives(M member) {
        member.arrival = ++arrivals;
        last = Math.max(last, member.round);
    }

    /** Takes a member out, whose turn is over if it had one. */
    void remove(M member) {
        int place = member.place;
        M moved = at(--size);
        heap[size] = null;
        if (place < size) {
            sink(place, moved);
            rise(moved.place, moved);
        }
        member.place = Member.OUT;
        if (member.round <= round) {
            member.endTurn();
            last = Math.max(last, member.round);
        }
        if (size == 0) {
            round = last;
        }
    }

    /** Whether one that was taken out can't have a whole turn in the next round, as one can that was never here. */
    boolean owes(M member) {
        return member.round > round + 1 || (member.round == round + 1 && member.deficit < Schedule.QUANTUM);
    }

    /** All in it, in the order of their turns. */
    List<M> inOrder() {
        List<M> all = new ArrayList<>();
        for (int i = 0; i < size; i++) {
            all.add(at(i));
        }
        Comparator<M> byRound = Comparator.comparingLong(member -> member.round);
        all.sort(byRound.thenComparingLong(member -> member.arrival));
        return all;
    }

    /** Writes which round it is; who is in it is to be written besides, in order. */
    void save(StateWriter to) {
        to.number(round);
        to.number(last);
    }

    /** Takes over which round it is. */
    void restore(StateReader from) {
        round = from.number();
        last = from.number();
    }

    private M at(int place) {
        return Objects.requireNonNull(heap[place]);
    }

    private void rise(int from, M member) {
        int place = from;
        while (place > 0) {
            int parent = (place - 1) / 2;
            if (!member.isBefore(at(parent))) {
                break;
            }
            put(place, at(parent));
            place = parent;
        }
        put(place, member);
    }

    private void sink(int from, M member) {
        int place = from;
        while (2 * place + 1 < size) {
            int child = 2 * place + 1;
            if (child + 1 < size && at(child + 1).isBefore(at(child))) {
                child++;
            }
            if (!at(child).isBefore(member)) {
                break;
            }
            put(place, at(child));
            place = child;
        }
        put(place, member);
    }

    private void put(int place, M member) {
        heap[place] = member;
        member.place = place;
    }

    @SuppressWarnings({"unchecked", "rawtypes"}) // Nothing else is ever put into it.
    private static <M extends Member<M>> @Nullable M[] newHeap(int length) {
        return (M[]) new Member[length];
    }
}
