package io.marchproxy.l3l4.replay;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.marchproxy.l3l4.engine.journal.JournalLayout;
import io.marchproxy.l3l4.engine.journal.JournalReader;
import io.marchproxy.l3l4.engine.journal.RecordType;
import io.marchproxy.l3l4.engine.journal.Records;
import io.marchproxy.l3l4.stages.packet.DescriptorFlags;
import io.marchproxy.l3l4.stages.packet.Memory;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.stream.Stream;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * Real sockets, a reload, a backend that dies and returns, sessions that are evicted, drops: and the same decisions again, for a
 * million packets in one of the variants. All of them as long by hand: {@code -Dverify.packets=1000000}.
 */
class VerifyIT {
    @TempDir
    Path data;

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "50_000    | mode: run-to-completion, shards: 1",
                "1_000_000 | mode: run-to-completion, shards: 2",
                "200_000   | mode: pipelined, shards: 2",
                "50_000    | mode: run-to-completion, shards: 2, transport: epoll, ring-size: 2048",
                "50_000    | mode: pipelined, shards: 1, transport: nio"
            })
    void shouldDecideAgainAsItDecided(String atLeast, String engine) throws Exception {
        int packets = Integer.getInteger("verify.packets", Integer.parseInt(atLeast.replace("_", "")));
        new Recording(data, engine).make(packets);

        Tools.Outcome verified = Tools.run("verify", data);

        assertEquals(0, verified.exitCode(), verified::toString);
        Tools.Outcome stats = Tools.run("stats", data);
        assertEquals(0, stats.exitCode(), stats::toString);
        System.out.print(engine + "\n" + verified.out() + stats.out());
        assertTrue(count(stats.out(), "packets   came in") >= packets, stats.out());
        assertFalse(verified.out().contains("are missing"), verified.out());
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
            "records   end",
            "drops     session-cap",
            "drops     no-healthy-backend",
            "drops     connection-cap"
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
        assertTrue(count(stats.out(), "drops     queue-delay") > 0, stats.out());
        // With NIO nobody knows which datagrams came with ECN.
        assertEquals(!engine.contains("nio"), marked() > 0);
    }

    /** How many packets left with CE. */
    private long marked() throws IOException {
        long marked = 0;
        try (Stream<Path> shards = Files.list(data.resolve("journal"))) {
            for (Path shard : shards.filter(Files::isDirectory).toList()) {
                try (JournalReader reader = new JournalReader(shard)) {
                    while (reader.next()) {
                        for (long at = reader.recordsAt(); at < reader.recordsEnd(); at += Records.length(at)) {
                            boolean isLeft = Records.type(at) == RecordType.RELEASE;
                            int flags = isLeft ? Memory.getByte(at + JournalLayout.DECISION_FLAGS) : 0;
                            marked += (flags & DescriptorFlags.CE_MARKED) != 0 ? 1 : 0;
                        }
                    }
                }
            }
        }
        return marked;
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
