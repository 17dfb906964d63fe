package io.marchproxy.l3l4.replay;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Path;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Real sockets, a reload, a backend that dies and returns, sessions that are evicted: and the same decisions again. */
class VerifyIT {
    @TempDir
    Path data;

    @ParameterizedTest
    @ValueSource(
            strings = {
                "mode: run-to-completion, shards: 1",
                "mode: run-to-completion, shards: 2",
                "mode: pipelined, shards: 2",
                "mode: run-to-completion, shards: 2, transport: epoll",
                "mode: pipelined, shards: 1, transport: nio"
            })
    void shouldDecideAgainAsItDecided(String engine) throws Exception {
        int datagrams = 40_000;
        new Recording(data, engine).make(datagrams);

        Tools.Outcome verified = Tools.run("verify", data);

        assertEquals(0, verified.exitCode(), verified::toString);
        Tools.Outcome stats = Tools.run("stats", data);
        assertEquals(0, stats.exitCode(), stats::toString);
        long data = count(stats.out(), "events    data");
        assertTrue(data > datagrams / 2, stats.out());
        for (String what : new String[] {
            "events    open",
            "events    connected",
            "events    fin",
            "events    reset",
            "events    closed",
            "events    health",
            "events    config",
            "events    quota",
            "records   flow-end",
            "records   settings",
            "records   end"
        }) {
            assertTrue(count(stats.out(), what) > 0, () -> what + " is missing in\n" + stats.out());
        }
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "mode: run-to-completion, shards: 1",
                "mode: pipelined, shards: 2",
                "mode: run-to-completion, shards: 1, transport: nio"
            })
    void shouldHoldAndReleaseAgainAsItDid(String engine) throws Exception {
        Recording.saturated(data, engine).make(20_000);

        Tools.Outcome verified = Tools.run("verify", data);

        assertEquals(0, verified.exitCode(), verified::toString);
        Tools.Outcome stats = Tools.run("stats", data);
        for (String what :
                new String[] {"verdicts  hold", "records   release", "drops     queue-full", "events    tick"}) {
            assertTrue(count(stats.out(), what) > 100, () -> what + " is missing in\n" + stats.out());
        }
    }

    /** The sum over shards of a line's number. */
    private static long count(String text, String what) {
        return text.lines()
                .map(String::strip)
                .filter(line -> line.startsWith(what + " "))
                .mapToLong(line ->
                        Long.parseLong(line.substring(line.lastIndexOf(' ') + 1).replace(",", "")))
                .sum();
    }
}
