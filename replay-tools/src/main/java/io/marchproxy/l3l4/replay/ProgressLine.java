package io.marchproxy.l3l4.replay;

import java.io.Console;
import java.io.PrintStream;
import java.util.concurrent.TimeUnit;

/** How far long work has come, in one line that rewrites itself; nothing at all where no terminal is. */
public final class ProgressLine {
    private static final long INTERVAL_NS = TimeUnit.MILLISECONDS.toNanos(200);
    private static final int CELLS = 30;
    private static final String CLEAR = "\r\033[K";

    private final PrintStream out;
    private final boolean shown;
    private long lastNs;
    private boolean drawn;

    private ProgressLine(PrintStream out, boolean shown) {
        this.out = out;
        this.shown = shown;
        this.lastNs = System.nanoTime();
    }

    /** On standard error, when that is a terminal. */
    @SuppressWarnings("SystemConsoleNull") // 25 answers null again where no terminal is, as before 22
    public static ProgressLine onTerminal() {
        Console console = System.console();
        return new ProgressLine(System.err, console != null && console.isTerminal());
    }

    static ProgressLine to(PrintStream out) {
        return new ProgressLine(out, true);
    }

    /** Shows it, at most five times a second. */
    public void show(String what, long done, long all) {
        long nowNs = System.nanoTime();
        if (shown && nowNs - lastNs >= INTERVAL_NS) {
            lastNs = nowNs;
            draw(what, done, all);
        }
    }

    private void draw(String what, long done, long all) {
        double share = all == 0 ? 1 : Math.min(1, (double) done / all);
        int filled = (int) (share * CELLS);
        out.printf("%s%s [%s%s] %3.0f %%", CLEAR, what, "#".repeat(filled), "-".repeat(CELLS - filled), 100 * share);
        out.flush();
        drawn = true;
    }

    /** Takes the line away. */
    public void clear() {
        if (drawn) {
            out.print(CLEAR);
            out.flush();
            drawn = false;
        }
    }
}
