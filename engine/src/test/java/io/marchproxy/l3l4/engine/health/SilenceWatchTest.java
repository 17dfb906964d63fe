package io.marchproxy.l3l4.engine.health;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.marchproxy.l3l4.engine.shard.BackendCounters;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Turns of 50 ms, a limit of 300. */
class SilenceWatchTest {
    private static final long TURN = 50_000_000L;
    private static final long LIMIT = 300_000_000L;
    private static final int NEVER = -1;

    private final Counts counts = new Counts();
    private final SilenceWatch.Usual usual = new SilenceWatch.Usual();
    private final SilenceWatch tcp = new SilenceWatch(0, false, counts, usual);
    private final SilenceWatch udp = new SilenceWatch(0, true, counts, usual);

    @Test
    void shouldTellThatABackendStoppedAnsweringItsConnections() {
        assertEquals(NEVER, answering(tcp, 20));
        int turns = asking(tcp, 20);
        assertTrue(turns >= 6 && turns <= 8, "told after turns: " + turns);
        assertTrue(tcp.isSilent());
    }

    /** What is under way when a backend stops says nothing of whether its service answers, little as may be known of that yet. */
    @Test
    void shouldTellOfAYoungServiceWhoseBackendStoppedAmidATurn() {
        answering(tcp, 30);
        counts.questions += 15;
        counts.answers += 6;
        counts.toBackend += 150;
        counts.toClient += 60;
        assertFalse(tcp.turn(TURN, LIMIT));

        int turns = asking(tcp, 20);

        assertTrue(turns >= 6 && turns <= 8, "told after turns: " + turns);
    }

    @Test
    void shouldKnowWhatANewBackendAnsweredBeforeItWasWatched() {
        counts.questions = 30;
        counts.answers = 30;
        counts.toBackend = 3_000;
        counts.toClient = 3_000;
        SilenceWatch watch = new SilenceWatch(0, false, counts, usual).fromTheStart();
        assertTrue(asking(watch, 20) >= 6, "it answered until it was watched, and never since");
        SilenceWatch returned = new SilenceWatch(0, false, counts, new SilenceWatch.Usual());
        assertEquals(NEVER, asking(returned, 20), "of one that was away, what it did then is not known");
    }

    @Test
    void shouldTellByOneClientThatRepeatsItsDatagrams() {
        answering(udp, 20);
        counts.questions++;
        int turns = repeating(udp, 20);
        assertTrue(turns >= 6 && turns <= 8, "told after turns: " + turns);
    }

    @Test
    void shouldTakeOneLongUploadForOneQuestion() {
        answering(tcp, 20);
        counts.questions++;
        assertEquals(NEVER, repeating(tcp, 400), "20 s of bytes towards the backend on one connection");
    }

    @Test
    void shouldSayNothingOfAServiceThatNeverAnswers() {
        assertEquals(NEVER, asking(tcp, 400));
        assertEquals(NEVER, repeating(udp, 400));
    }

    @Test
    void shouldSayNothingOfAServiceThatAnswersAThird() {
        for (int i = 0; i < 60; i++) {
            counts.questions += 3;
            counts.answers++;
            counts.toBackend += 300;
            counts.toClient += 10;
            assertFalse(tcp.turn(TURN, LIMIT));
        }
        assertEquals(NEVER, asking(tcp, 100));
    }

    @Test
    void shouldSayNothingWhileAnyConnectionIsAnswered() {
        answering(tcp, 20);
        for (int i = 0; i < 400; i++) {
            counts.questions += 5;
            counts.toBackend += 500;
            counts.toClient += i % 4 == 0 ? 1 : 0;
            assertFalse(tcp.turn(TURN, LIMIT), "turn " + i);
        }
    }

    @Test
    void shouldSayNothingOfABackendThatNobodyAsks() {
        answering(tcp, 20);
        for (int i = 0; i < 400; i++) {
            assertFalse(tcp.turn(TURN, LIMIT));
        }
    }

    @Test
    void shouldLearnThatAnswersTakeTheirTime() {
        for (int i = 0; i < 40; i++) {
            for (int j = 0; j < 19; j++) {
                counts.questions++;
                counts.toBackend += 10;
                assertFalse(tcp.turn(TURN, LIMIT), "nothing is known yet, or a second is usual; turn " + i + "/" + j);
            }
            counts.answers += 19;
            counts.toClient += 10;
            assertFalse(tcp.turn(TURN, LIMIT));
        }
        int turns = asking(tcp, 100);
        assertTrue(turns > 30 && turns < 45, "twice a second is some 38 turns, not " + turns);
    }

    @Test
    void shouldForgetASilenceOfLongAgo() {
        answering(tcp, 20);
        tcp.turn(TURN, LIMIT);
        counts.questions++;
        for (int i = 0; i < 60; i++) {
            assertFalse(tcp.turn(TURN, LIMIT), "one question alone is too few");
        }
        counts.answers++;
        counts.toClient++;
        tcp.turn(TURN, LIMIT);
        assertTrue(asking(tcp, 100) == NEVER, "twice three seconds are more than 100 turns");
        counts.toClient++;
        tcp.turn(TURN, LIMIT);
        for (int i = 0; i < 20 * 60 * 10; i++) {
            usual.age(TURN);
            counts.questions++;
            counts.answers++;
            counts.toBackend++;
            counts.toClient++;
            tcp.turn(TURN, LIMIT);
        }
        int turns = asking(tcp, 100);
        assertTrue(turns <= 8, "ten minutes later it is as before, not " + turns);
    }

    @Test
    void shouldBeginAnewWhenItIsBack() {
        answering(tcp, 20);
        asking(tcp, 5);
        tcp.restart();
        assertFalse(tcp.isSilent());
        assertTrue(asking(tcp, 20) >= 6);
    }

    @Test
    void shouldForgetWhatWasAnsweredLongAgo() {
        answering(tcp, 20);
        assertTrue(usual.answersAsARule());
        usual.age(300_000_000_000L);
        assertFalse(usual.answersAsARule());
    }

    /**
     * As {@code bin/bench faults} has it: a new backend each time, ten requests a turn, a fault of ten seconds unless it is told, after which
     * clients that waited for two seconds at the most are answered. The first fault nobody can tell.
     */
    @ParameterizedTest
    @EnumSource(Excuse.class)
    void shouldTellAllFaultsOfARunButTheFirstThatNobodyCouldTell(Excuse excuse) {
        Random random = new Random(1);
        List<Integer> toldAfter = new ArrayList<>();
        for (int fault = 0; fault < 60; fault++) {
            boolean isExcused = fault == 0;
            Counts ofThis = new Counts();
            if (isExcused && excuse == Excuse.LITTLE_IS_KNOWN) {
                ofThis.requests(1, 5);
            } else {
                ofThis.requests(10, 3 + random.nextInt(8));
            }
            SilenceWatch watch = new SilenceWatch(fault, false, ofThis, usual).fromTheStart();
            assertFalse(watch.turn(TURN, LIMIT));
            int told = NEVER;
            for (int turn = 1; turn <= 200 && told == NEVER; turn++) {
                ofThis.ask(10);
                boolean isTold = watch.turn(TURN, LIMIT) && !(isExcused && excuse == Excuse.NO_OTHER_IS_THERE);
                told = isTold ? turn : NEVER;
            }
            toldAfter.add(told);
            int patient = told == NEVER ? 400 : 10;
            ofThis.giveUpAllBut(patient);
            ofThis.answer(patient);
            if (told == NEVER) {
                assertFalse(watch.turn(TURN, LIMIT));
            } else {
                watch.restart();
            }
            watch.stop();
        }
        assertEquals(NEVER, toldAfter.getFirst());
        assertFalse(toldAfter.subList(1, 60).contains(NEVER), "told after turns: " + toldAfter);
        long late = toldAfter.stream().skip(1).filter(turns -> turns > 12).count();
        assertTrue(late <= 4, "told after turns: " + toldAfter);
    }

    enum Excuse {
        LITTLE_IS_KNOWN,
        NO_OTHER_IS_THERE
    }

    /** The same backend all the time, which is not replaced, at many rates; its fault lasts for three seconds, with ten in between. */
    @ParameterizedTest
    @ValueSource(ints = {4, 10, 20, 100, 1_000})
    void shouldTellAFaultThoughTheOneBeforeWasNotToldAtAnyRateThatShowsIt(int requestsPerSecond) {
        List<Integer> toldAfter = new ArrayList<>();
        for (int fault = 0; fault < 10; fault++) {
            boolean isFirst = fault == 0;
            for (int turn = 0; turn < 200; turn++) {
                counts.requests(requestsIn(turn, requestsPerSecond), 1);
                assertFalse(tcp.turn(TURN, LIMIT));
                usual.age(TURN);
            }
            int told = NEVER;
            for (int turn = 1; turn <= 60 && told == NEVER; turn++) {
                counts.ask(requestsIn(turn, requestsPerSecond));
                told = tcp.turn(TURN, LIMIT) && !isFirst ? turn : NEVER;
                usual.age(TURN);
            }
            toldAfter.add(told);
            counts.answer(1);
            counts.giveUpAllBut(0);
            if (told == NEVER) {
                tcp.turn(TURN, LIMIT);
            } else {
                tcp.restart();
            }
        }
        assertFalse(toldAfter.subList(1, 10).contains(NEVER), "told after turns: " + toldAfter);
        int quick = requestsPerSecond < 20 ? 20 : 9;
        assertTrue(toldAfter.getLast() <= quick, "told after turns: " + toldAfter);
    }

    private static int requestsIn(int turn, int perSecond) {
        return (turn + 1) * perSecond / 20 - turn * perSecond / 20;
    }

    @Test
    void shouldNotUnlearnByOthersThatOneIsSlow() {
        Counts ofOther = new Counts();
        SilenceWatch other = new SilenceWatch(1, false, ofOther, usual);
        for (int second = 0; second < 30; second++) {
            for (int turn = 1; turn <= 20; turn++) {
                counts.ask(1);
                counts.answer(turn == 20 ? 20 : 0);
                assertFalse(tcp.turn(TURN, LIMIT), "it answers once a second, and always did: " + second);
                ofOther.ask(10);
                ofOther.answer(second == 0 ? 0 : 10);
                other.turn(TURN, LIMIT);
                usual.age(TURN);
            }
        }
    }

    /** Two clients of an application that answers at once, but for reports: three seconds each, one after the other. */
    @Test
    void shouldRememberThatSomeAnswersAreSlowWhereFewAreAsked() {
        for (int report = 0; report < 10; report++) {
            for (int i = 0; i < 40; i++) {
                counts.requests(1, 1);
                assertFalse(tcp.turn(TURN, LIMIT));
                usual.age(TURN);
            }
            for (int turn = 0; turn < 60; turn++) {
                counts.ask(turn == 0 || (report > 0 && turn % 20 == 0) ? 1 : 0);
                assertFalse(tcp.turn(TURN, LIMIT), "report " + report);
                usual.age(TURN);
            }
            counts.answer(report > 0 ? 3 : 1);
            assertFalse(tcp.turn(TURN, LIMIT));
        }
    }

    /** Each answer takes a second, and always did; now and then nobody asks for a while, and then as many as before do. */
    @ParameterizedTest
    @CsvSource({"10, 40", "20, 40", "100, 40", "1000, 40", "20, 10", "100, 10", "20, 15", "100, 25"})
    void shouldNotForgetInSteadyTrafficThatAnswersTakeTheirTime(int perSecond, int pause) {
        int[] due = new int[4 * 240 + 20];
        for (int now = 0; now < 4 * 240; now++) {
            int turn = now % 240;
            int asks = turn < 240 - pause ? requestsIn(turn, perSecond) : 0;
            counts.ask(asks);
            due[now + 20] = asks;
            counts.answer(due[now]);
            assertFalse(tcp.turn(TURN, LIMIT), "turn " + now);
            usual.age(TURN);
        }
        int told = NEVER;
        for (int i = 0; i < 100 && told == NEVER; i++) {
            counts.ask(requestsIn(i, perSecond));
            counts.answer(i < 20 ? due[4 * 240 + i] : 0);
            told = tcp.turn(TURN, LIMIT) ? i : NEVER;
        }
        assertTrue(told > 20 && told <= 75, "that it answers nobody at all is told yet, not after turns: " + told);
    }

    /** One that only takes in, and ten monitors that it answers each five seconds. */
    @ParameterizedTest
    @ValueSource(ints = {0, 20})
    void shouldNotTakeForAnswersAsARuleTheFewThatEndASilence(int answeredBefore) {
        counts.requests(1, answeredBefore);
        tcp.turn(TURN, LIMIT);
        for (int round = 0; round < 10; round++) {
            for (int turn = 0; turn < 100; turn++) {
                counts.ask(10);
                boolean isTold = tcp.turn(TURN, LIMIT);
                assertFalse(isTold && round > 0, "round " + round + ", turn " + turn);
                usual.age(TURN);
            }
            counts.requests(10, 1);
            tcp.turn(TURN, LIMIT);
            assertFalse(tcp.answersAsARule(), "a hundredth is answered; round " + round);
        }
        assertEquals(NEVER, asking(tcp, 1_200));
    }

    /** It always answered until now, and was never told, for want of another: what was forgiven must not be for ever. */
    @Test
    void shouldForgiveNoMoreThanManyTimesWhatWasAnswered() {
        counts.requests(10, 20);
        tcp.turn(TURN, LIMIT);
        for (int round = 0; round < 5; round++) {
            for (int turn = 0; turn < 100; turn++) {
                counts.ask(10);
                tcp.turn(TURN, LIMIT);
            }
            counts.answer(1);
            tcp.turn(TURN, LIMIT);
            assertEquals(round == 0, tcp.answersAsARule(), "round " + round);
        }
    }

    @Test
    void shouldLearnThatReportsAreSlowThoughALongerBlankIsRemembered() {
        answering(tcp, 40);
        for (int turn = 0; turn < 100; turn++) {
            counts.ask(1);
            tcp.turn(TURN, LIMIT);
        }
        counts.answer(1);
        assertFalse(tcp.turn(TURN, LIMIT));
        for (int report = 0; report < 3; report++) {
            for (int turn = 0; turn < 60; turn++) {
                counts.ask(turn == 0 || (report > 0 && turn % 20 == 0) ? 1 : 0);
                assertFalse(tcp.turn(TURN, LIMIT), "report " + report + ", turn " + turn);
            }
            counts.answer(report > 0 ? 3 : 1);
            tcp.turn(TURN, LIMIT);
            assertEquals(NEVER, answering(tcp, 100));
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 10})
    void shouldNotHideTheOthersFaultsByTheBlankOfOneThatNobodyAsksAnyMore(int each) {
        Counts ofOther = new Counts();
        SilenceWatch other = new SilenceWatch(1, false, ofOther, usual);
        for (int turn = 0; turn < 141; turn++) {
            counts.ask(10);
            counts.answer(turn < 40 || turn == 140 ? 10 : 0);
            tcp.turn(TURN, LIMIT);
            usual.age(TURN);
        }
        for (int turn = 0; turn < 600; turn++) {
            ofOther.requests(each, 1);
            tcp.turn(TURN, LIMIT);
            assertFalse(other.turn(TURN, LIMIT));
            usual.age(TURN);
        }
        int told = NEVER;
        for (int turn = 1; turn <= 100 && told == NEVER; turn++) {
            ofOther.ask(each);
            tcp.turn(TURN, LIMIT);
            told = other.turn(TURN, LIMIT) ? turn : NEVER;
            usual.age(TURN);
        }
        assertTrue(told >= 6 && told <= 8, "told after turns: " + told);
    }

    /** Its clients were patient: what they are answered when it is back says no more than that it was away. */
    @Test
    void shouldNotTakeForSlowTheAnswersThatABlankHasHeldUp() {
        answering(tcp, 40);
        asking(tcp, 5);
        for (int turn = 0; turn < 20; turn++) {
            counts.ask(turn < 10 ? 1 : 0);
            tcp.turn(TURN, Long.MAX_VALUE);
        }
        for (int turn = 0; turn < 10; turn++) {
            counts.answer(1);
            tcp.turn(TURN, LIMIT);
        }
        assertEquals(NEVER, answering(tcp, 100));
        int told = asking(tcp, 100);
        assertTrue(told >= 6 && told <= 8, "told after turns: " + told);
    }

    /**
     * All answers take a second, and steady traffic, in which there is never a pause, goes to two backends; after minutes of it a third
     * is asked for the first time.
     */
    @ParameterizedTest
    @CsvSource({"4, 20", "20, 20", "100, 20", "1000, 20", "20, 8", "20, 100"})
    void shouldKnowOfABackendThatIsAskedForTheFirstTimeHowLongAnswersTake(int perSecond, int turnsToAnswer) {
        Slow first = new Slow(1, turnsToAnswer);
        Slow second = new Slow(2, turnsToAnswer);
        for (int turn = 0; turn < 5 * 60 * 20; turn++) {
            assertFalse(first.turn(requestsIn(turn, perSecond)), "turn " + turn);
            assertFalse(second.turn(requestsIn(turn + 3, perSecond)), "turn " + turn);
            usual.age(TURN);
        }
        Slow third = new Slow(3, turnsToAnswer);
        for (int turn = 0; turn < 600; turn++) {
            assertFalse(third.turn(requestsIn(turn, perSecond)), "turn " + turn);
            assertFalse(first.turn(requestsIn(turn, perSecond)), "turn " + turn);
            usual.age(TURN);
        }
        Slow dead = new Slow(4, Integer.MAX_VALUE);
        int told = NEVER;
        for (int turn = 0; turn < 600 && told == NEVER; turn++) {
            told = dead.turn(requestsIn(turn, perSecond)) ? turn : NEVER;
            first.turn(requestsIn(turn, perSecond));
            usual.age(TURN);
        }
        assertTrue(
                told > turnsToAnswer && told <= 2 * turnsToAnswer + 10,
                "one that answers nobody, after turns: " + told);
    }

    /** A backend that is asked by nobody for minutes, and then by many at once. */
    @ParameterizedTest
    @ValueSource(ints = {1, 3, 5})
    void shouldKnowAfterMinutesOfQuietHowLongAnswersTake(int minutes) {
        Slow slow = new Slow(1, 20);
        for (int turn = 0; turn < 60 * 20; turn++) {
            assertFalse(slow.turn(50), "turn " + turn);
            usual.age(TURN);
        }
        for (int turn = 0; turn < minutes * 60 * 20; turn++) {
            assertFalse(slow.turn(0));
            usual.age(TURN);
        }
        assertTrue(usual.answersAsARule());
        for (int turn = 0; turn < 100; turn++) {
            assertFalse(slow.turn(1), "turn " + turn);
            usual.age(TURN);
        }
    }

    /** Few are quick, as errors are; the others take a second. */
    @Test
    void shouldNotTakeASlowServiceForAQuickOneByAnErrorNowAndThen() {
        Slow slow = new Slow(1, 20);
        for (int turn = 0; turn < 60 * 20; turn++) {
            slow.counts.requests(turn % 20 == 0 ? 1 : 0, 1);
            slow.turn(4);
            usual.age(TURN);
        }
        Slow next = new Slow(2, 20);
        for (int turn = 0; turn < 100; turn++) {
            assertFalse(next.turn(1), "turn " + turn);
            slow.turn(4);
            usual.age(TURN);
        }
    }

    /** A third is answered at once; of the others, a client waits ten seconds for news. */
    @Test
    void shouldNotWaitLongerForOneWhereSomeAnswersTakeVeryLong() {
        Slow news = new Slow(1, 200);
        for (int turn = 0; turn < 60 * 20; turn++) {
            news.counts.requests(1, 1);
            news.turn(2);
            usual.age(TURN);
        }
        int told = NEVER;
        for (int turn = 1; turn <= 100 && told == NEVER; turn++) {
            news.counts.ask(2);
            told = news.watch.turn(TURN, LIMIT) ? turn : NEVER;
        }
        assertTrue(told >= 6 && told <= 8, "told after turns: " + told);
    }

    /** Nobody could tell the first fault; its hundreds of answers come when it is over, in as many turns as it takes to answer them all. */
    @ParameterizedTest
    @ValueSource(ints = {1, 2, 10, 40})
    void shouldNotTakeForSlowWhatAFaultHasHeldUp(int turnsToCatchUp) {
        counts.requests(10, 3);
        tcp.turn(TURN, LIMIT);
        for (int turn = 0; turn < 60; turn++) {
            counts.ask(4);
            tcp.turn(TURN, Long.MAX_VALUE);
        }
        for (int turn = 0; turn < turnsToCatchUp; turn++) {
            counts.answer(240 / turnsToCatchUp);
            assertFalse(tcp.turn(TURN, LIMIT));
        }
        for (int fault = 0; fault < 4; fault++) {
            Slow next = new Slow(10 + fault, Integer.MAX_VALUE);
            next.counts.requests(10, 4);
            assertFalse(next.watch.turn(TURN, LIMIT));
            int told = NEVER;
            for (int turn = 1; turn <= 100 && told == NEVER; turn++) {
                told = next.turn(10) ? turn : NEVER;
            }
            assertTrue(told >= 6 && told <= 8, "fault " + fault + " is told after turns: " + told);
            next.watch.stop();
        }
    }

    /** It was slow for a minute; a second later it has answered a hundred at once. */
    @Test
    void shouldSoonKnowThatAnswersAreQuickAgain() {
        Slow service = new Slow(1, 20);
        for (int turn = 0; turn < 60 * 20; turn++) {
            service.turn(1);
            usual.age(TURN);
        }
        service.counts.answer(20);
        for (int turn = 0; turn < 3 * 60 * 20; turn++) {
            service.counts.requests(1, 1);
            assertFalse(service.watch.turn(TURN, LIMIT));
            usual.age(TURN);
        }
        int told = NEVER;
        for (int turn = 1; turn <= 100 && told == NEVER; turn++) {
            service.counts.ask(1);
            told = service.watch.turn(TURN, LIMIT) ? turn : NEVER;
        }
        assertTrue(told >= 6 && told <= 8, "told after turns: " + told);
    }

    /** A backend whose answers all take so many turns, in the service that all of a case's are in. */
    private final class Slow {
        private final Counts counts = new Counts();
        private final SilenceWatch watch;
        private final int turnsToAnswer;
        private final ArrayDeque<Integer> due = new ArrayDeque<>();

        private Slow(int backend, int turnsToAnswer) {
            this.turnsToAnswer = turnsToAnswer;
            watch = new SilenceWatch(backend, false, counts, usual);
        }

        /** A turn in which it is asked so many questions; whether it is told. */
        private boolean turn(int asked) {
            counts.ask(asked);
            due.add(asked);
            counts.answer(due.size() > turnsToAnswer ? due.remove() : 0);
            return watch.turn(TURN, LIMIT);
        }
    }

    private int answering(SilenceWatch watch, int turns) {
        for (int i = 0; i < turns; i++) {
            counts.questions++;
            counts.answers++;
            counts.toBackend += 10;
            counts.toClient += 10;
            if (watch.turn(TURN, LIMIT)) {
                return i;
            }
        }
        return NEVER;
    }

    private int asking(SilenceWatch watch, int turns) {
        for (int i = 1; i <= turns; i++) {
            counts.questions++;
            counts.toBackend += 10;
            if (watch.turn(TURN, LIMIT)) {
                return i;
            }
        }
        return NEVER;
    }

    private int repeating(SilenceWatch watch, int turns) {
        for (int i = 1; i <= turns; i++) {
            counts.toBackend += 10;
            if (watch.turn(TURN, LIMIT)) {
                return i;
            }
        }
        return NEVER;
    }

    /**
     * What passes. A turn has passed whenever whoever watches looks. What is answered is the oldest of what was asked; where that is not
     * counted one by one, answers are prompt.
     */
    private static final class Counts implements BackendTraffic {
        private final ArrayDeque<Long> waiting = new ArrayDeque<>();
        private long questions;
        private long answers;
        private long toBackend;
        private long toClient;
        private long nowNs;
        private long lateness;

        private void requests(int each, int turns) {
            long many = (long) each * turns;
            questions += many;
            toBackend += many * 10;
            answers += many;
            toClient += many * 10;
        }

        private void ask(int many) {
            questions += many;
            toBackend += many * 10L;
            for (int i = 0; i < many; i++) {
                waiting.add(nowNs);
            }
        }

        private void answer(int many) {
            answers += many;
            toClient += many * 10L;
            for (int i = 0; i < many; i++) {
                Long askedNs = waiting.poll();
                long waitNs = askedNs == null ? 0 : nowNs - askedNs;
                lateness += BackendCounters.PROMPT - BackendCounters.promptness(waitNs);
            }
        }

        /** Their clients wait no longer for all but so many answers. */
        private void giveUpAllBut(int left) {
            while (waiting.size() > left) {
                waiting.remove();
            }
        }

        @Override
        public long promptness(int backend) {
            return answers * BackendCounters.PROMPT - lateness;
        }

        @Override
        public long questions(int backend) {
            nowNs += TURN;
            return questions;
        }

        @Override
        public long answers(int backend) {
            return answers;
        }

        @Override
        public long bytesToBackend(int backend) {
            return toBackend;
        }

        @Override
        public long bytesToClient(int backend) {
            return toClient;
        }
    }
}
