package io.marchproxy.l3l4.engine;

import static org.junit.jupiter.api.Assertions.assertEquals;

import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.core.read.ListAppender;
import io.marchproxy.l3l4.config.ConfigLoader;
import io.marchproxy.l3l4.config.source.Overrides;
import io.marchproxy.l3l4.engine.settings.CompiledSettings;
import io.marchproxy.l3l4.engine.settings.NameResolver;
import io.marchproxy.l3l4.engine.settings.SettingsCompiler;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.slf4j.LoggerFactory;

/** Budgets of which 90 % are spent when saving ends. */
class BudgetWatchTest {
    private static final String BEGINS =
            "service web/tcp has spent its daily budget, 10.5000 of 10.0000: new flows go to the cheapest backends until midnight UTC, or"
                    + " until a reload raises it";
    private static final long NEVER = -1;

    @TempDir
    Path folder;

    private final Logger logger = (Logger) LoggerFactory.getLogger(BudgetWatch.class);
    private final ListAppender<ILoggingEvent> logged = new ListAppender<>();
    private final BudgetWatch watch = new BudgetWatch();

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
    void shouldTellOnceThatTheMoneyIsSpentAndOnceThatThereIsSomeAgain() throws Exception {
        CompiledSettings ten = settings("web", 10);
        look(ten, false, 5, 1);
        assertEquals(List.of(), messages());
        assertEquals(NEVER, watch.changedNs("web/tcp", NEVER));
        look(ten, true, 10.5, 2);
        look(ten, true, 11, 3);
        assertEquals(List.of(BEGINS), messages());
        assertEquals(2, watch.changedNs("web/tcp", NEVER));

        look(ten, true, 0, 4);
        look(ten, true, 0, 5);
        look(ten, false, 0, 6);
        assertEquals(
                List.of(
                        BEGINS,
                        "service web/tcp saves no more, 0.0000 of 10.0000 are spent today: new flows go by failover again"),
                messages());
        assertEquals(4, watch.changedNs("web/tcp", NEVER));
    }

    @Test
    void shouldTellAsTheShardsDoWhenABudgetIsRaised() throws Exception {
        look(settings("web", 10), true, 10.5, 1);
        look(settings("web", 11), true, 10.5, 2);
        assertEquals(List.of(BEGINS), messages(), "more than nine tenths are spent still");
        look(settings("web", 12), true, 10.5, 3);
        assertEquals(2, messages().size(), "less than nine tenths");
        look(settings("web", 12), false, 11.5, 4);
        assertEquals(2, messages().size(), "more, but no shard saves");
    }

    @Test
    void shouldTellThatABudgetIsGone() throws Exception {
        look(settings("web", 10), true, 10.5, 1);
        look(settings("web", 0), true, 10.5, 2);
        assertEquals(
                "service web/tcp saves no more, 10.5000 of no limit are spent today: new flows go by failover again",
                messages().getLast());
    }

    @Test
    void shouldForgetAServiceThatIsGone() throws Exception {
        CompiledSettings ten = settings("web", 10);
        look(ten, true, 10.5, 1);
        watch.retain(ten);
        assertEquals(1, watch.changedNs("web/tcp", NEVER));
        watch.retain(settings("other", 10));
        assertEquals(NEVER, watch.changedNs("web/tcp", NEVER));
        assertEquals(1, messages().size());
    }

    private void look(CompiledSettings settings, boolean shardSaves, double spent, long nowNs) {
        watch.look(settings.services().getFirst(), shardSaves, spent, nowNs);
    }

    private List<String> messages() {
        return logged.list.stream().map(ILoggingEvent::getFormattedMessage).toList();
    }

    private CompiledSettings settings(String name, int budget) throws Exception {
        Path file = Files.writeString(folder.resolve("proxy.yaml"), """
                services:
                  - name: %s
                    listen: "tcp://*:9090"
                    algorithm: failover
                    routing: { daily-budget: %d, budget-back-at: 90 }
                    backends: [ { id: one, address: "127.0.0.1:9001" } ]
                """.formatted(name, budget));
        return new SettingsCompiler(NameResolver.offline())
                .compile(ConfigLoader.load(file, Map.of(), Overrides.none())
                        .settings()
                        .orElseThrow());
    }
}
