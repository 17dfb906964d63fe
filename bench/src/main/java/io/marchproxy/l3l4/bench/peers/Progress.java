package io.marchproxy.l3l4.bench.peers;

import java.io.Console;
import java.io.PrintStream;

/** Says how far the comparison is: on a terminal in one line that changes, elsewhere at each round. */
public final class Progress {
    private static final int WIDTH = 100;
    private static final double NS_PER_SECOND = 1e9;

    private final PrintStream out;
    private final boolean live;
    private final int steps;
    private final long startNs = System.nanoTime();
    private int done;

    /**
     * At its beginning.
     *
     * @param steps that there will be
     */
    public Progress(PrintStream out, boolean live, int steps) {
        this.out = out;
        this.live = live;
        this.steps = steps;
    }

    /** Whether standard error, most likely, is a terminal: the console is one. */
    @SuppressWarnings("SystemConsoleNull") // it may be null again in 25, without a terminal
    public static boolean onTerminal() {
        Console console = System.console();
        return console != null && console.isTerminal();
    }

    /** A step begins. */
    public void step(String what) {
        if (live) {
            String text = done + " of " + steps + " · " + what + left();
            out.print("\r" + text + " ".repeat(Math.max(0, WIDTH - text.length())));
            out.flush();
        }
        done++;
    }

    /** Something worth a line. */
    public void line(String text) {
        clear();
        out.println(text);
    }

    /** Leaves no line half written. */
    public void clear() {
        if (live) {
            out.print("\r" + " ".repeat(WIDTH) + "\r");
            out.flush();
        }
    }

    private String left() {
        if (done == 0) {
            return "";
        }
        double seconds = (System.nanoTime() - startNs) / NS_PER_SECOND / done * (steps - done);
        return String.format(" · about %d:%02d left", (int) seconds / 60, (int) seconds % 60);
    }
}
