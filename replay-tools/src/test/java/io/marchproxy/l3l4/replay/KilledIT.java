package io.marchproxy.l3l4.replay;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.marchproxy.l3l4.engine.journal.JournalReader;
import io.marchproxy.l3l4.engine.journal.RecordType;
import io.marchproxy.l3l4.engine.journal.Records;
import java.io.IOException;
import java.nio.file.Path;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * kill -9 under load: the journal opens, what the counters said was written is there, and what was lost is no older than the
 * writing thread's pause. More rounds by hand: {@code -Dkill.rounds=50}.
 */
class KilledIT {
    private static final int ROUNDS = Integer.getInteger("kill.rounds", 3);

    /** The writing thread's pause is 2 ms; the rest is what a crowded machine may make of it. */
    private static final long MOST_LOST_NS = TimeUnit.MILLISECONDS.toNanos(1_500);

    private static final String WRITTEN = "marchproxy_journal_records_total{shard=\"0\"}";

    @TempDir
    Path data;

    @Test
    void shouldLoseNoMoreThanTheLastMilliseconds() throws Exception {
        long worstNs = 0;
        try (Echo first = new Echo(0);
                Echo second = new Echo(0)) {
            for (int round = 1; round <= ROUNDS; round++) {
                worstNs = Math.max(worstNs, round(round, first, second));
            }
        }
        System.out.printf("%d kills: at the most the last %.1f ms were lost%n", ROUNDS, worstNs / 1e6);
    }

    private long round(int round, Echo first, Echo second) throws Exception {
        int tcp = RealProxy.freePort();
        int udp = RealProxy.freePort();
        long written;
        long killedNs;
        try (RealProxy proxy = start(tcp, udp, first, second);
                Clients clients = new Clients(tcp, udp)) {
            Recording.await("round " + round + ": traffic", () -> clients.datagrams() > 5_000);
            Recording.await("round " + round + ": records of it", () -> proxy.metric(WRITTEN) > 1_000);
            written = proxy.metric(WRITTEN);
            long sent = clients.datagrams();
            Recording.await("round " + round + ": more traffic", () -> clients.datagrams() > sent + 3_000);
            killedNs = System.nanoTime();
            proxy.kill();
        }
        Tools.Outcome verified = Tools.run("verify", data);
        assertEquals(0, verified.exitCode(), () -> "round " + round + ": " + verified);
        assertTrue(verified.out().contains(round + " session"), verified.out());
        assertTrue(verified.out().contains("it has no end"), verified.out());
        Tools.Outcome latency = Tools.run("latency", data.resolve("latency/shard-0.hlog"), "--stage", "ring");
        assertEquals(0, latency.exitCode(), () -> "round " + round + ": " + latency);
        // The kill may have cut a write short; then that one line is left out, and told.
        assertTrue(latency.err().isEmpty() || latency.err().contains("the last line was not written"), latency.err());
        long lostNs = killedNs - lastSession(written, round);
        assertTrue(lostNs < MOST_LOST_NS, () -> lostNs + " ns before the kill are missing");
        return lostNs;
    }

    /** When the last recorded event came in; the last session has at least as many records as the counter said. */
    private long lastSession(long written, int round) throws IOException {
        long records = 0;
        long lastNs = 0;
        long session = Long.MIN_VALUE;
        try (JournalReader reader = new JournalReader(data.resolve("journal/shard-0"))) {
            while (reader.next()) {
                records = reader.session() == session ? records + reader.records() : reader.records();
                session = reader.session();
                for (long at = reader.recordsAt(); at < reader.recordsEnd(); at += Records.length(at)) {
                    lastNs = Records.type(at) == RecordType.EVENT ? Records.arrivalNs(at) : lastNs;
                }
            }
        }
        long found = records;
        assertTrue(found >= written, () -> "round " + round + ": " + found + " records, though " + written + " were");
        return lastNs;
    }

    private RealProxy start(int tcp, int udp, Echo first, Echo second) throws IOException {
        return new RealProxy(data, """
                engine: { shards: 1, max-flows: 10000, journal: { mode: packets, max-size: 1GB } }
                observability: { latency: { enabled: true, interval: 100ms } }
                services:
                  - { name: web, listen: "tcp://127.0.0.1:%d", backends: [ { id: a, address: "127.0.0.1:%d" } ] }
                  - { name: dns, listen: "udp://127.0.0.1:%d", backends: [ { id: b, address: "127.0.0.1:%d" } ] }
                """.formatted(tcp, first.port(), udp, second.port()));
    }
}
