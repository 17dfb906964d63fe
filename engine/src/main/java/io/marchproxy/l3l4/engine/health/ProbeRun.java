package io.marchproxy.l3l4.engine.health;

import io.netty.channel.Channel;
import io.netty.channel.EventLoop;
import io.netty.util.concurrent.ScheduledFuture;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/** One probe under way: it ends once, with an answer, a failure, or the time-out. Monitor's thread. */
final class ProbeRun {
    private static final long LATE_NS = TimeUnit.MILLISECONDS.toNanos(5);

    /** Hears how a probe ended. */
    interface End {
        /**
         * The backend answered as it should.
         *
         * @param rttNs until the whole answer was there
         * @param pathNs what can be compared with a client's connect: of probes by TCP the connect alone, else {@code rttNs}
         */
        void answered(long rttNs, long pathNs);

        /** It did not, or otherwise. */
        void failed(String why);

        /** This machine could not even ask: that is no backend's fault. */
        void notAsked(String why);
    }

    private final EventLoop loop;
    private final ProbeTarget target;
    private final End end;
    private final long startNs = System.nanoTime();
    private ScheduledFuture<?> timeout;
    private long connectNs;
    private @Nullable Channel channel;
    private Runnable cleanUp = () -> {};
    private String waitingFor = "probe timed out";
    private boolean over;

    ProbeRun(EventLoop loop, ProbeTarget target, End end) {
        this.loop = loop;
        this.target = target;
        this.end = end;
        long timeoutNs = target.timeoutNs();
        timeout = loop.schedule(() -> timedOut(startNs + timeoutNs), timeoutNs, TimeUnit.NANOSECONDS);
    }

    ProbeTarget target() {
        return target;
    }

    /** What ends with the probe. */
    void uses(Channel opened) {
        channel = opened;
        if (over) {
            opened.close();
        }
    }

    /** What is done when it has ended, whichever way. */
    void whenOver(Runnable action) {
        cleanUp = action;
    }

    /** What is missing if the time should be up now. */
    void waitsFor(String what) {
        waitingFor = "no " + what + " in time";
    }

    /** The connection stands; what is asked over it comes now. */
    void connected() {
        connectNs = Math.max(1, System.nanoTime() - startNs);
    }

    void answered() {
        if (close()) {
            long rttNs = System.nanoTime() - startNs;
            end.answered(rttNs, connectNs == 0 ? rttNs : connectNs);
        }
    }

    void failed(String why) {
        if (close()) {
            end.failed(why);
        }
    }

    /** What was to be done met an error, of the backend or of this machine. */
    void failed(Throwable error) {
        if (ProbeErrors.isLocal(error)) {
            notAsked(ProbeErrors.words(error));
        } else {
            failed(ProbeErrors.words(error));
        }
    }

    void notAsked(String why) {
        if (close()) {
            end.notAsked(why);
        }
    }

    /** Ends a probe that takes too long. When it is this loop that was late, the answer may be waiting: it is looked at first. */
    private void timedOut(long dueNs) {
        if (over) {
            return;
        }
        if (System.nanoTime() - dueNs > LATE_NS) {
            timeout = loop.schedule(() -> failed(waitingFor), LATE_NS, TimeUnit.NANOSECONDS);
        } else {
            failed(waitingFor);
        }
    }

    private boolean close() {
        if (over) {
            return false;
        }
        over = true;
        timeout.cancel(false);
        Channel used = channel;
        if (used != null) {
            used.close();
        }
        cleanUp.run();
        return true;
    }
}
