package io.marchproxy.l3l4.stages.route;

import io.marchproxy.l3l4.stages.pipeline.StateReader;
import io.marchproxy.l3l4.stages.pipeline.StateWriter;
import java.util.stream.IntStream;

/**
 * What a service has spent today, UTC, against what it may: from the budget on it saves, until the day is over, or a reload raised
 * the budget so far that spending is below a part of it again. What day it is follows from packets' times.
 *
 * <p>The pipeline's thread; what it has spent any may ask.
 */
final class DailyBudget {
    private static final long DAY_NS = 86_400_000_000_000L;

    private final BackendStates states;
    private final Candidates candidates;
    private final double budget;
    private final double backAt;
    private final long epochOffsetNs;

    /** By number: backends that reloads took away while connections were there, which may still send what is paid for. */
    private volatile int[] gone = {};

    /** What its backends had cost when the day began. */
    private volatile double before;

    /** What was spent today by other shards, and before a restart. */
    private volatile double elsewhere;

    private volatile boolean isSaving;

    /** Written last when a day begins, so that whoever sees the new day sees what belongs to it. */
    private volatile long dayEndsNs = Long.MIN_VALUE;

    DailyBudget(BackendStates states, Candidates candidates, RouteChoice choice, long epochOffsetNs) {
        this.states = states;
        this.candidates = candidates;
        this.budget = choice.dailyBudget();
        this.backAt = budget * choice.budgetBackPercent() / 100;
        this.epochOffsetNs = epochOffsetNs;
        this.before = total();
    }

    private double total() {
        double total = 0;
        for (int i = 0; i < candidates.size(); i++) {
            total += states.bills().cost(candidates.number(i));
        }
        for (int number : gone) {
            total += states.bills().cost(number);
        }
        return total;
    }

    /** Goes on from a budget of settings before, whose backends may have been others. */
    void goOnFrom(DailyBudget other) {
        IntStream former = IntStream.concat(other.candidates.numbers(), IntStream.of(other.gone));
        gone = former.filter(number ->
                        candidates.positionOf(number) < 0 && states.flows().active(number) > 0)
                .toArray();
        before = total() - (other.total() - other.before);
        elsewhere = other.elsewhere;
        isSaving = other.isSaving;
        dayEndsNs = other.dayEndsNs;
    }

    /** Takes in that time has passed; whether it is time to save. */
    boolean saves(long nowNs) {
        turnDay(nowNs);
        if (budget <= 0) {
            return false;
        }
        double spent = spent();
        if (isSaving ? spent < backAt : spent >= budget) {
            isSaving = !isSaving;
        }
        return isSaving;
    }

    /** Begins a new day when it is time. */
    void turnDay(long nowNs) {
        if (nowNs >= dayEndsNs) {
            long day = Math.floorDiv(nowNs + epochOffsetNs, DAY_NS);
            if (dayEndsNs != Long.MIN_VALUE) {
                before = total();
                elsewhere = 0;
            }
            dayEndsNs = (day + 1) * DAY_NS - epochOffsetNs;
        }
    }

    /** Takes in what was spent on a day, in days since 1970, by others; of another day than today, nothing. */
    void elsewhere(double spent, long day, long nowNs) {
        turnDay(nowNs);
        if (day == Math.floorDiv(nowNs + epochOffsetNs, DAY_NS)) {
            elsewhere = spent;
        }
    }

    /** When the day ends, in the pipeline's time. */
    long dayEndsNs() {
        return dayEndsNs;
    }

    /**
     * What this shard has spent on a day, in days since 1970; 0 when the day of its last packet was another. Any thread: a shard that
     * is idle does not notice midnight, and what it spent the day before is not the new day's.
     */
    double spentHereOn(long day) {
        return Math.floorDiv(dayEndsNs + epochOffsetNs, DAY_NS) - 1 == day ? total() - before : 0;
    }

    /** What was spent today, as far as this shard knows. Any thread. */
    double spent() {
        return total() - before + elsewhere;
    }

    /** Whether only the cheapest are used at the moment. Any thread. */
    boolean isSaving() {
        return isSaving;
    }

    void save(StateWriter to) {
        to.number(Double.doubleToLongBits(before));
        to.number(Double.doubleToLongBits(elsewhere));
        to.number(isSaving ? 1 : 0);
        to.number(dayEndsNs);
        to.number(gone.length);
        for (int number : gone) {
            to.number(number);
        }
    }

    void restore(StateReader from) {
        before = Double.longBitsToDouble(from.number());
        elsewhere = Double.longBitsToDouble(from.number());
        isSaving = from.number(0, 1) == 1;
        dayEndsNs = from.number();
        int[] restored = new int[from.number(0, BackendStates.HIGHEST_BACKENDS)];
        for (int i = 0; i < restored.length; i++) {
            restored[i] = from.number(0, BackendStates.HIGHEST_BACKENDS);
        }
        gone = restored;
    }
}
