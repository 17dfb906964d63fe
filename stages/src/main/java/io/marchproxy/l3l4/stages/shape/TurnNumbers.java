package io.marchproxy.l3l4.stages.shape;

/** Numbers for queues of one direction, in the order in which their turns begin: no two are ever alike. One thread. */
final class TurnNumbers {
    private long last;

    long next() {
        return ++last;
    }

    /** What the next one comes after. */
    long last() {
        return last;
    }

    /** Goes on where another has been. */
    void after(long number) {
        last = number;
    }
}
