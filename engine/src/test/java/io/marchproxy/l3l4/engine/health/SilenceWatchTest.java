package io.marchproxy.l3l4.engine.health;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.api.Test;

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
