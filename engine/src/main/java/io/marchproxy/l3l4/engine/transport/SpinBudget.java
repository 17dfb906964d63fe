package io.marchproxy.l3l4.engine.transport;

/**
 * Whether an event loop that has nothing to do looks for work for a while before it blocks. Waking up costs 30 to 100 µs on
 * a virtual machine; looking for work costs the CPU. So it looks only as long as that has paid of late: after a row of
 * budgets spent in vain it blocks at once, and gives one turn in a while another try. One thread, the loop's.
 */
public final class SpinBudget {
    /** Budgets in a row that may be spent in vain. */
    static final int PATIENCE = 8;

    /** Turns between two tries once patience is over: what an idle loop spends stays below a budget in so many wake-ups. */
    static final int TURNS_BETWEEN_TRIES = 16;

    private final long budgetNs;
    private int inVain;
    private int turnsToTry;

    /**
     * A budget.
     *
     * @param budgetNs the longest look; 0 for blocking at once, always
     */
    public SpinBudget(long budgetNs) {
        this.budgetNs = budgetNs;
    }

    /** The longest look, in nanoseconds. */
    long budgetNs() {
        return budgetNs;
    }

    /** Whether to look before this turn's blocking. */
    boolean isWorthATry() {
        if (budgetNs == 0) {
            return false;
        }
        if (inVain < PATIENCE) {
            return true;
        }
        if (--turnsToTry > 0) {
            return false;
        }
        turnsToTry = TURNS_BETWEEN_TRIES;
        return true;
    }

    /** The look found work. */
    void paid() {
        inVain = 0;
    }

    /** The budget was spent and nothing came. */
    void spentInVain() {
        if (inVain < PATIENCE && ++inVain == PATIENCE) {
            turnsToTry = TURNS_BETWEEN_TRIES;
        }
    }
}
