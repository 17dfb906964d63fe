package io.marchproxy.l3l4.replay.diff;

import java.util.Locale;

/** What of a decision may change. */
public enum Aspect {
    /** Whether it leaves, and if not, why. */
    FATE,
    CLASS,
    RULE,
    DSCP,
    /** Whether a queue marked it with CE. */
    ECN,
    /** The backend. */
    ROUTE,
    /** When it leaves. */
    DELAY;

    /** The name in tables and JSON. */
    public String label() {
        return name().toLowerCase(Locale.ROOT);
    }
}
