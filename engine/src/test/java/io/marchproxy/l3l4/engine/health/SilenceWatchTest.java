package io.marchproxy.l3l4.engine.health;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
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
            ofThis.answer(told == NEVER ? 400 : 10);
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

    private static final class Counts implements BackendTraffic {
        private long questions;
        private long answers;
        private long toBackend;
        private long toClient;

        private void requests(int each, int turns) {
            for (int i = 0; i < turns; i++) {
                ask(each);
                answer(each);
            }
        }

        private void ask(int many) {
            questions += many;
            toBackend += many * 10L;
        }

        private void answer(int many) {
            answers += many;
            toClient += many * 10L;
        }

        @Override
        public long questions(int backend) {
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
