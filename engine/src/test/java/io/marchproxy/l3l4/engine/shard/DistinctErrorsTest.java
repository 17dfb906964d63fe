package io.marchproxy.l3l4.engine.shard;

import static org.junit.jupiter.api.Assertions.assertEquals;

import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.core.read.ListAppender;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.slf4j.LoggerFactory;

class DistinctErrorsTest {
    private final Logger logger = (Logger) LoggerFactory.getLogger(DistinctErrors.class);
    private final ListAppender<ILoggingEvent> logged = new ListAppender<>();
    private final DistinctErrors errors = new DistinctErrors();

    @BeforeEach
    void listen() {
        logged.start();
        logger.setAdditive(false);
        logger.addAppender(logged);
    }

    @AfterEach
    void stopListening() {
        logger.detachAppender(logged);
        logger.setAdditive(true);
    }

    @Test
    void shouldLogAnErrorOnceAndThenAtPowersOfTen() {
        for (int i = 0; i < 150; i++) {
            errors.record("pipeline", error("Flow.java", 12));
        }
        assertEquals(150, errors.total());
        assertEquals(
                List.of(
                        "pipeline: unexpected error; the loop goes on",
                        "pipeline: java.lang.IllegalStateException: test for the 10th time",
                        "pipeline: java.lang.IllegalStateException: test for the 100th time"),
                messages());
    }

    @Test
    void shouldTellErrorsApartByWhereTheyHappen() {
        errors.record("pipeline", error("Flow.java", 12));
        errors.record("pipeline", error("Flow.java", 13));
        errors.record("egress", error("Flow.java", 12));
        IllegalStateException bare = new IllegalStateException();
        bare.setStackTrace(new StackTraceElement[0]);
        errors.record("egress", bare);
        assertEquals(4, logged.list.size());
    }

    @Test
    void shouldCountTogetherWhatIsTooManyToTellApart() {
        for (int line = 0; line < 10_000; line++) {
            errors.record("pipeline", error("Flow.java", line));
        }
        assertEquals(10_000, errors.total());
        // 256 that are told apart, and the others when they were 1, 10, 100 and 1,000.
        assertEquals(256 + 4, logged.list.size());
    }

    @Test
    void shouldLetATaskGoOnThatFails() {
        Runnable task = errors.survived("turn", () -> {
            throw error("Turn.java", 1);
        });
        task.run();
        task.run();
        assertEquals(2, errors.total());
        assertEquals(1, logged.list.size());
    }

    private static IllegalStateException error(String file, int line) {
        IllegalStateException error = new IllegalStateException("test");
        error.setStackTrace(new StackTraceElement[] {new StackTraceElement("Flow", "find", file, line)});
        return error;
    }

    private List<String> messages() {
        return logged.list.stream().map(ILoggingEvent::getFormattedMessage).toList();
    }
}
