package io.marchproxy.l3l4.engine.health;

/**
 * Tells by live traffic that a backend resets its connections before it answers.
 *
 * <p>It tells when there were {@value #LEAST} resets or more, and more of them than answers: in the last turn and this one,
 * where much is going on, or in the last {@value #TURNS} to twice as many turns, where little is. Where others are answered a
 * reset is that connection's own affair, and the client's doing more likely than the backend's. Monitor's thread.
 */
final class ResetWatch {
    static final int LEAST = 3;
    static final int TURNS = 20;

    private final int backend;
    private final BackendTraffic traffic;
    private final Window shortly;
    private final Window longer;

    ResetWatch(int backend, BackendTraffic traffic) {
        this.backend = backend;
        this.traffic = traffic;
        this.shortly = new Window(1);
        this.longer = new Window(TURNS);
        restart();
    }

    /** Counts a connection that was reset before it was answered. True when these are too many. */
    boolean reset() {
        long answers = traffic.answers(backend);
        boolean tooManyShortly = shortly.reset(answers);
        return longer.reset(answers) || tooManyShortly;
    }

    /** A turn is over. */
    void turn() {
        long answers = traffic.answers(backend);
        shortly.turn(answers);
        longer.turn(answers);
    }

    /** Begins anew: what came before it was taken out, or while it was, is paid for. */
    void restart() {
        long answers = traffic.answers(backend);
        shortly.restart(answers);
        longer.restart(answers);
    }

    /** A number of turns that are over, and as many that are under way. */
    private static final class Window {
        private final int length;
        private int turns;
        private long resets;
        private long resetsBefore;
        private long answersAtStart;
        private long answersAtStartBefore;

        Window(int length) {
            this.length = length;
        }

        boolean reset(long answersNow) {
            resets++;
            long all = resets + resetsBefore;
            return all >= LEAST && all > answersNow - answersAtStartBefore;
        }

        void turn(long answersNow) {
            turns++;
            if (turns == length) {
                turns = 0;
                resetsBefore = resets;
                resets = 0;
                answersAtStartBefore = answersAtStart;
                answersAtStart = answersNow;
            }
        }

        void restart(long answersNow) {
            turns = 0;
            resets = 0;
            resetsBefore = 0;
            answersAtStart = answersNow;
            answersAtStartBefore = answersNow;
        }
    }
}
