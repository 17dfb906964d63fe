package io.marchproxy.l3l4.engine.journal;

/** When in its life a flow was recorded. The numbers are the journal's: only append. */
public enum FlowPhase {
    BEGIN,
    /** It lives on. */
    PERIODIC,
    END;

    /** In the place of a reason, of a flow that lives. */
    public static final int NO_REASON = 0xff;
}
