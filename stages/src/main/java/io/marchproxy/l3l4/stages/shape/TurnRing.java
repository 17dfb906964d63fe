package io.marchproxy.l3l4.stages.shape;

import io.marchproxy.l3l4.stages.pipeline.StateWriter;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.function.ToIntFunction;
import org.jspecify.annotations.Nullable;

/**
 * Who takes turns, in their order: a ring that its members are the links of, so that nothing is allocated and each comes and goes
 * in one step. A member is in one ring at the most.
 */
final class TurnRing<M extends TurnRing.Member<M>> {
    /** Who may be in a ring. */
    abstract static class Member<M extends Member<M>> {
        private @Nullable M next;
        private @Nullable M previous;

        @SuppressWarnings("ReferenceEquality") // a member is itself, and equals nobody
        private boolean isSame(@Nullable Member<M> other) {
            return this == other;
        }

        final boolean isInRing() {
            return next != null;
        }

        /** Whose turn comes after this one's; it is in a ring. */
        final M following() {
            return Objects.requireNonNull(next);
        }
    }

    private @Nullable M first;

    boolean isEmpty() {
        return first == null;
    }

    /** Whose turn it is, or null. */
    @Nullable
    M turn() {
        return first;
    }

    /** The turn goes to a member, and on from there. */
    void turn(M member) {
        first = member;
    }

    /** Lets in who is in no ring, as the last to have a turn. */
    void add(M member) {
        Member<M> link = member;
        M head = first;
        if (head == null) {
            link.next = member;
            link.previous = member;
            first = member;
        } else {
            Member<M> before = head;
            M tail = Objects.requireNonNull(before.previous);
            Member<M> after = tail;
            after.next = member;
            link.previous = tail;
            link.next = head;
            before.previous = member;
        }
    }

    /** Takes a member out; if it was its turn, it is the next one's. */
    void remove(M member) {
        Member<M> link = member;
        M next = link.following();
        M previous = Objects.requireNonNull(link.previous);
        Member<M> before = previous;
        Member<M> after = next;
        before.next = next;
        after.previous = previous;
        if (link.isSame(first)) {
            first = link.isSame(next) ? null : next;
        }
        link.next = null;
        link.previous = null;
    }

    /** All in it, in the order of their turns. */
    List<M> inOrder() {
        List<M> all = new ArrayList<>();
        for (M one = first; one != null; one = following(one)) {
            all.add(one);
        }
        return all;
    }

    /** Writes whose turn it is and will be: how many, and their numbers, of which no two are alike. */
    void save(StateWriter to, ToIntFunction<M> number) {
        List<M> all = inOrder();
        to.number(all.size());
        for (M one : all) {
            to.number(number.applyAsInt(one));
        }
    }

    /** Who comes after a member in this round, or null when that was the last. */
    private @Nullable M following(M member) {
        M next = member.following();
        Member<M> link = next;
        return link.isSame(first) ? null : next;
    }
}
