package io.marchproxy.l3l4.replay.diff;

import io.marchproxy.l3l4.stages.pipeline.DropReason;

/** What became of one packet under one configuration. Reused; one thread. */
public final class Fate {
    static final int ABSENT = 0;
    static final int WAITING = 1;
    static final int FORWARDED = 2;
    private static final int DROPPED = 3;

    private int outcome;
    private boolean settled;
    int trafficClass;
    int rule;
    int dscp;
    boolean isMarked;
    int route;
    long releaseNs;
    double costPerGb;

    Fate() {}

    void clear() {
        outcome = ABSENT;
        settled = false;
        trafficClass = 0;
        rule = 0;
        dscp = 0;
        isMarked = false;
        route = 0;
        releaseNs = 0;
        costPerGb = 0;
    }

    /** It waits; the class is known by now. */
    public void waits(int waitingClass, int matchedRule) {
        outcome = WAITING;
        trafficClass = waitingClass;
        rule = matchedRule;
    }

    /** Whether it waits still. */
    public boolean isWaiting() {
        return outcome == WAITING;
    }

    /** Number of the text of the rule that it came by. */
    public int rule() {
        return rule;
    }

    /**
     * It left.
     *
     * @param matchedRule number of the rule's text
     * @param codePoint as the descriptor has it
     * @param chosen number of the route
     * @param leftNs when it left
     */
    public void forwarded(int leavingClass, int matchedRule, int codePoint, int chosen, long leftNs) {
        outcome = FORWARDED;
        settled = true;
        trafficClass = leavingClass;
        rule = matchedRule;
        dscp = codePoint;
        route = chosen;
        releaseNs = leftNs;
    }

    /** It left with CE, since it had waited too long. */
    public void marked() {
        isMarked = true;
    }

    /** It was dropped. */
    public void dropped(DropReason reason, int droppedClass, int matchedRule, int chosen) {
        outcome = DROPPED + reason.ordinal();
        settled = true;
        trafficClass = droppedClass;
        rule = matchedRule;
        route = chosen;
    }

    /** There is nothing to decide under this configuration, or it waits still when the recording ends. */
    public void ends() {
        settled = true;
    }

    /** The bytes have to be paid for, for each 10^9. */
    public void costs(double perGb) {
        costPerGb = perGb;
    }

    boolean isSettled() {
        return settled;
    }

    int outcome() {
        return outcome;
    }

    boolean isForwarded() {
        return outcome == FORWARDED;
    }

    boolean isDropped() {
        return outcome >= DROPPED;
    }

    DropReason reason() {
        return reasonOf(outcome);
    }

    private static DropReason reasonOf(int outcome) {
        return DropReason.of(outcome - DROPPED);
    }

    /** Whether class and rule say something: the packet has been classified as its service's. */
    boolean isClassified() {
        if (!isDropped()) {
            return outcome != ABSENT;
        }
        return switch (reason()) {
            case NO_SERVICE, FLOW_GONE, MALFORMED -> false;
            default -> true;
        };
    }

    static String label(int outcome) {
        return switch (outcome) {
            case ABSENT -> "not asked";
            case WAITING -> "waits at the end";
            case FORWARDED -> "forwarded";
            default -> "dropped, " + reasonOf(outcome).label();
        };
    }
}
