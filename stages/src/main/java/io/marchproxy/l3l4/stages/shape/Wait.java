package io.marchproxy.l3l4.stages.shape;

import io.marchproxy.l3l4.stages.pipeline.StateWriter;

/** A service's waiting for a time: it has one for its ceiling and one for its guarantee. */
final class Wait {
    final ServiceNode service;

    /** Until when. */
    long untilNs;

    /** Whether it waits; kept by {@link Waits}. */
    boolean isOn;

    Wait(ServiceNode service) {
        this.service = service;
    }

    void save(StateWriter to) {
        to.number(isOn ? 1 : 0);
        to.number(untilNs);
    }

    boolean isBefore(Wait other) {
        return untilNs < other.untilNs || (untilNs == other.untilNs && service.number < other.service.number);
    }
}
