package io.marchproxy.l3l4.stages.shape;

import io.marchproxy.l3l4.stages.pipeline.StateWriter;

/** A waiting for a time: a service has one for its ceiling and one for its guarantee, a queue one for those of its client. */
final class Wait<W extends Wait.Numbered> {
    /** Who may wait. */
    interface Numbered {
        /** Of those that go on at one time, the lowest is first. */
        long waitNumber();
    }

    final W who;

    /** Until when. */
    long untilNs;

    /** Whether it waits; kept by {@link Waits}. */
    boolean isOn;

    /** Where it is in the heap while it waits; kept by {@link Waits}. */
    int place;

    Wait(W who) {
        this.who = who;
    }

    void save(StateWriter to) {
        to.number(isOn ? 1 : 0);
        to.number(untilNs);
    }

    boolean isBefore(Wait<W> other) {
        return untilNs < other.untilNs || (untilNs == other.untilNs && who.waitNumber() < other.who.waitNumber());
    }
}
