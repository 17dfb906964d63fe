package io.marchproxy.l3l4.engine.health;

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
 *       more.
 * </ul>
 *
 * <p>Usual is the longest silence of late that ended without being told (its memory halves each {@value #HALF_LIFE_S} s). It may have been
 * a fault that nobody could tell of, because too little was known yet or no other backend was there, and must not hide the next one: so
 * what was asked in a long silence counts as one question that was left unanswered, and a silence that was asked in
 * {@value #TURNS_BLANK} turns or more, and not that of a few slow answers, halves with each {@value #ANSWERS_KNOWN} quicker answers by the
 * same backend; by any of the service when that one is out or no more.
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

    private static final long HALF_LIFE_NS = HALF_LIFE_S * 1_000_000_000L;
    private static final double ANSWERED_AS_A_RULE = 0.9;

    /** What is usual in a service. */
    static final class Usual {
        private double questions;
        private double answers;
        private double longestNs;

        /** Those that were blank, as far as that is not forgotten. */
        private final Set<SilenceWatch> blank = new HashSet<>();

        /** The longest blank of those that are out or no more. */
        private double orphanNs;

        /** So much time has passed: what was matters less. */
        void age(long elapsedNs) {
            double left = Math.pow(0.5, (double) elapsedNs / HALF_LIFE_NS);
            questions *= left;
            answers *= left;
            longestNs *= left;
            orphanNs *= left;
            blank.forEach(each -> each.blankNs *= left);
        }

        boolean answersAsARule() {
            return answers >= ANSWERS_KNOWN && answers >= ANSWERED_AS_A_RULE * questions;
        }

        private double silenceNs() {
            double most = Math.max(longestNs, orphanNs);
            for (SilenceWatch each : blank) {
                most = Math.max(most, each.blankNs);
            }
            return most;
        }

        private void learn(SilenceWatch of, long newAnswers, long limitNs) {
            boolean isLong = of.isSilent() && of.silentNs >= limitNs;
            questions += isLong ? Math.min(of.unanswered, newAnswers + 1) : of.unanswered;
            answers += newAnswers;
            double left = Math.pow(0.5, (double) newAnswers / ANSWERS_KNOWN);
            orphanNs *= of.silentNs < orphanNs ? left : 1;
            if (of.silentNs < of.blankNs) {
                of.blankNs *= left;
            } else if (of.turnsAsked >= TURNS_BLANK) {
                of.blankNs = of.silentNs;
                blank.add(of);
            } else {
                longestNs = Math.max(longestNs, (double) of.silentNs);
            }
        }

        private void leaves(SilenceWatch one) {
            if (blank.remove(one)) {
                orphanNs = Math.max(orphanNs, one.blankNs);
                one.blankNs = 0;
            }
        }
    }

    private final int backend;
    private final boolean datagrams;
    private final BackendTraffic traffic;
    private final Usual usual;
    private long questions;
    private long answers;
    private long bytesToBackend;
    private long bytesToClient;
    private long silentNs;
    private long unanswered;
    private int turnsAsked;

    /** The longest silence in which it was asked again and again, as far as quicker answers since have not made that forgotten. */
    private double blankNs;

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
        bytesToBackend = 0;
        bytesToClient = 0;
        return this;
    }

    /** Looks at what has passed since the last turn. True when the backend has been silent for too long. */
    boolean turn(long elapsedNs, long limitNs) {
        long askedBefore = questions;
        long answeredBefore = answers;
        long sentBefore = bytesToBackend;
        long receivedBefore = bytesToClient;
        read();
        boolean asked = datagrams ? bytesToBackend != sentBefore : questions != askedBefore;
        unanswered += questions - askedBefore;
        if (bytesToClient != receivedBefore) {
            usual.learn(this, answers - answeredBefore, limitNs);
            end();
            return false;
        }
        if (turnsAsked == 0 && !asked) {
            return false;
        }
        silentNs += turnsAsked == 0 ? 0 : elapsedNs;
        turnsAsked += asked ? 1 : 0;
        return silentNs >= Math.max(limitNs, (long) (2 * usual.silenceNs()))
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

    /** For how long it has not answered. */
    long silentNs() {
        return silentNs;
    }

    /** Begins anew: what it did before it was taken out, or while it was, says nothing of what is usual. */
    void restart() {
        read();
        end();
        usual.leaves(this);
    }

    /** It is watched no more. */
    void stop() {
        usual.leaves(this);
    }

    private void end() {
        silentNs = 0;
        unanswered = 0;
        turnsAsked = 0;
    }

    private void read() {
        questions = traffic.questions(backend);
        answers = traffic.answers(backend);
        bytesToBackend = traffic.bytesToBackend(backend);
        bytesToClient = traffic.bytesToClient(backend);
    }
}
