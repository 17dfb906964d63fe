package io.marchproxy.l3l4.engine.health;

import io.marchproxy.l3l4.engine.shard.BackendCounters;
import java.util.HashSet;
import java.util.Set;

/**
 * Tells by live traffic that a backend has stopped answering: of a stopped process the kernel still accepts connections, and
 * of a host behind a path that drops everything nothing comes at all.
 *
 * <p>Looked at in turns, which are handed in with how long they took; a turn that is late counts no longer than two, since it
 * was this process that did not run. A silence begins when a backend is asked after its last answer, and ends with a byte
 * from it on any connection. It tells when all of this holds:
 *
 * <ul>
 *   <li>it is longer than the settings say, and twice as long as is usual in the same service;
 *   <li>the backend was asked in {@value #TURNS_ASKED} turns of it or more: over TCP by new questions, since one upload is one,
 *       over UDP by any datagram, since clients repeat theirs;
 *   <li>the service answers as a rule: of its questions before, nine in ten were answered, and {@value #ANSWERS_KNOWN} or
 *       more. What was asked in the very turn in which its last answer came is not among them yet: a fault may have begun in
 *       between.
 * </ul>
 *
 * <p>Usual is the longest silence of late that ended without being told (its memory halves each {@value #HALF_LIFE_S} s), or the time by
 * which answers came after the last question, or how long answers take in the service, which is known however steady its traffic is, and
 * over minutes without any. That is the harmonic mean: of questions that wait at the same time, the rates at which their answers come add
 * up, so it is what tells how long nothing may come at all; few answers that take very long don't lengthen it, and where a third is prompt
 * ({@link BackendCounters#PROMPT_NS}) the others may take as long as they like. A silence may have been
 * a fault that nobody could tell of, because too little was known yet or no other backend was there, and must not hide the next one: so
 * what was asked in a long silence counts as one question that was left unanswered, for as long as {@value #FORGIVEN} times as many as
 * were answered have not been forgiven, and a silence that was asked in {@value #TURNS_BLANK} turns or more, a blank and not that of a
 * few slow answers, is halved for a backend by each {@value #ANSWERS_KNOWN} quick answers of its own; for one that joins or comes back by
 * those of any of the service. An answer is quick that is not known to have taken half as long. Of how long answers take, those that come
 * all at once when a blank ends say no more than one, and the latest {@value #ANSWERS_TIMED} or so are remembered: what a fault has held up
 * may be hundreds of answers, and must be forgotten after a few prompt ones.
 *
 * <p>Outlier detection as Envoy's, by counts of failures, needs something that fails; the idea of a time that follows what is
 * usual is that of RFC 6298's retransmission timer.
 */
final class SilenceWatch {
    static final int TURNS_ASKED = 3;
    static final int ANSWERS_KNOWN = 8;
    static final int HALF_LIFE_S = 60;

    /** A silence asked in so many turns is one of a backend that answers nobody, and not that of a few slow answers. */
    static final int TURNS_BLANK = 8;

    /** So many questions that ended in a long silence are forgiven for each that was answered. */
    static final int FORGIVEN = 9;

    /** So many answers are remembered of those that are timed; it takes a good third of it to see that they are prompt again. */
    static final int ANSWERS_TIMED = 8 * ANSWERS_KNOWN;

    private static final long NEVER_NS = -1;

    private static final long HALF_LIFE_NS = HALF_LIFE_S * 1_000_000_000L;
    private static final double ANSWERED_AS_A_RULE = 0.9;

    /** What is usual in a service. */
    static final class Usual {
        private double questions;
        private double answers;
        private double longestNs;

        /** Answers whose promptness is known, and that. */
        private double timed;

        private double promptness;

        /** Questions of long silences that do not count. */
        private double forgiven;

        /** The longest blank for those that join, as far as that is not forgotten. */
        private double blankNs;

        /** Those that are in use. */
        private final Set<SilenceWatch> inUse = new HashSet<>();

        /** So much time has passed: what was matters less. */
        void age(long elapsedNs) {
            double left = Math.pow(0.5, (double) elapsedNs / HALF_LIFE_NS);
            questions *= left;
            answers *= left;
            longestNs *= left;
            timed *= left;
            promptness *= left;
            forgiven *= left;
            blankNs *= left;
            inUse.forEach(each -> each.blankNs *= left);
        }

        boolean answersAsARule() {
            return answers >= ANSWERS_KNOWN && answers >= ANSWERED_AS_A_RULE * questions;
        }

        /** How long nothing may come though all is well, as far as is known for all backends. */
        private double quietNs() {
            return Math.max(longestNs, BackendCounters.waitNs(timed, promptness));
        }

        private void learn(SilenceWatch of, long newAnswers, long newPromptness, long limitNs) {
            answers += newAnswers;
            boolean isLong = of.isSilent() && of.silentNs >= limitNs;
            double left = isLong ? Math.max(FORGIVEN * answers - forgiven, 0) : 0;
            double excused = Math.clamp((double) (of.unanswered - newAnswers - 1), 0, left);
            forgiven += excused;
            questions += of.unanswered - excused;
            quickAnswers(of, newAnswers);
            boolean isBlank = of.turnsAsked >= TURNS_BLANK;
            time(newAnswers, newPromptness, isBlank ? 1.0 / Math.max(newAnswers, 1) : 1);
            if (isBlank) {
                blank(of);
            } else if (of.tookNs(newAnswers) <= of.sinceBlankNs) {
                longestNs = Math.max(longestNs, (double) of.tookNs(newAnswers));
            }
        }

        private void time(long newAnswers, long newPromptness, double each) {
            timed += each * newAnswers;
            promptness += each * newPromptness;
            double left = Math.min(1, ANSWERS_TIMED / Math.max(timed, 1));
            timed *= left;
            promptness *= left;
        }

        private void quickAnswers(SilenceWatch of, long newAnswers) {
            double left = Math.pow(0.5, (double) newAnswers / ANSWERS_KNOWN);
            long twiceNs = 2 * of.tookNs(newAnswers);
            of.blankNs *= twiceNs < of.blankNs ? left : 1;
            blankNs *= twiceNs < blankNs ? left : 1;
        }

        private void blank(SilenceWatch of) {
            inUse.forEach(each -> each.blankNs = Math.max(each.blankNs, (double) of.silentNs));
            blankNs = Math.max(blankNs, (double) of.silentNs);
            of.sinceBlankNs = 0;
        }

        private void join(SilenceWatch one) {
            if (inUse.add(one)) {
                one.blankNs = blankNs;
            }
        }
    }

    private final int backend;
    private final boolean datagrams;
    private final BackendTraffic traffic;
    private final Usual usual;
    private long questions;
    private long answers;
    private long promptness;
    private long bytesToBackend;
    private long bytesToClient;
    private long silentNs;
    private long unanswered;
    private int turnsAsked;

    /** How long ago it was asked last; negative when it was not since it is in use. */
    private long askedAgoNs = NEVER_NS;

    /** The longest blank of any in its service, as far as quick answers of its own since have not made that forgotten. */
    private double blankNs;

    /** How long ago its last blank ended: what was asked before that and answered after it says no more than the blank itself. */
    private long sinceBlankNs = Long.MAX_VALUE / 2;

    SilenceWatch(int backend, boolean datagrams, BackendTraffic traffic, Usual usual) {
        this.backend = backend;
        this.datagrams = datagrams;
        this.traffic = traffic;
        this.usual = usual;
        read();
    }

    /**
     * Counts from its first packet on what a backend did that nobody has watched before: traffic may be ahead of whoever watches, by as
     * long as this process takes to come up, and the first silence is judged by it.
     */
    SilenceWatch fromTheStart() {
        questions = 0;
        answers = 0;
        promptness = 0;
        bytesToBackend = 0;
        bytesToClient = 0;
        return this;
    }

    /** Looks at what has passed since the last turn. True when the backend has been silent for too long. */
    boolean turn(long elapsedNs, long limitNs) {
        long askedBefore = questions;
        long answeredBefore = answers;
        long promptnessBefore = promptness;
        long sentBefore = bytesToBackend;
        long receivedBefore = bytesToClient;
        read();
        usual.join(this);
        boolean asked = datagrams ? bytesToBackend != sentBefore : questions != askedBefore;
        unanswered += questions - askedBefore;
        sinceBlankNs += elapsedNs;
        if (asked) {
            askedAgoNs = 0;
        } else {
            askedAgoNs += askedAgoNs == NEVER_NS ? 0 : elapsedNs;
        }
        if (bytesToClient != receivedBefore) {
            long newAnswers = answers - answeredBefore;
            long underWay = Math.clamp(unanswered - newAnswers, 0, questions - askedBefore);
            unanswered -= underWay;
            usual.learn(this, newAnswers, promptness - promptnessBefore, limitNs);
            end();
            unanswered = underWay;
            return false;
        }
        if (turnsAsked == 0 && !asked) {
            return false;
        }
        silentNs += turnsAsked == 0 ? 0 : elapsedNs;
        turnsAsked += asked ? 1 : 0;
        return silentNs >= Math.max(limitNs, (long) (2 * Math.max(usual.quietNs(), blankNs)))
                && turnsAsked >= TURNS_ASKED
                && usual.answersAsARule();
    }

    /** Whether it is asked and does not answer; perhaps not for long. */
    boolean isSilent() {
        return turnsAsked >= TURNS_ASKED;
    }

    /** Whether its service answers as a rule. */
    boolean answersAsARule() {
        return usual.answersAsARule();
    }

    /** What those that were answered in this turn took at the least, so many of them; a stream of bytes answers nothing anew. */
    private long tookNs(long newAnswers) {
        return Math.max(silentNs, newAnswers > 0 ? askedAgoNs : 0);
    }

    /** For how long it has not answered. */
    long silentNs() {
        return silentNs;
    }

    /** Begins anew: what it did before it was taken out, or while it was, says nothing of what is usual. */
    void restart() {
        read();
        end();
        askedAgoNs = NEVER_NS;
        usual.inUse.remove(this);
    }

    /** It is watched no more. */
    void stop() {
        usual.inUse.remove(this);
    }

    private void end() {
        silentNs = 0;
        unanswered = 0;
        turnsAsked = 0;
    }

    private void read() {
        questions = traffic.questions(backend);
        answers = traffic.answers(backend);
        promptness = traffic.promptness(backend);
        bytesToBackend = traffic.bytesToBackend(backend);
        bytesToClient = traffic.bytesToClient(backend);
    }
}
