package io.marchproxy.l3l4.stages.shape;

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

    boolean isBefore(Wait other) {
        return untilNs < other.untilNs || (untilNs == other.untilNs && service.number < other.service.number);
    }
}
