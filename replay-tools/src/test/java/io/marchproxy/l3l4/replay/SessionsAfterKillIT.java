package io.marchproxy.l3l4.replay;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.marchproxy.l3l4.engine.journal.JournalReader;
import io.marchproxy.l3l4.engine.journal.RecordType;
import io.marchproxy.l3l4.engine.journal.Records;
import io.marchproxy.l3l4.stages.flow.FlowEntry;
import io.marchproxy.l3l4.stages.flow.FlowLayout;
import io.marchproxy.l3l4.stages.packet.DescriptorLayout;
import io.marchproxy.l3l4.stages.packet.DescriptorSlab;
import io.marchproxy.l3l4.stages.packet.EventKind;
import io.marchproxy.l3l4.stages.packet.PacketDescriptor;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.net.DatagramPacket;
import java.net.DatagramSocket;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.TreeMap;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * A proxy that is killed under load again and again, and one that stops as it should: its UDP clients go on at the backends that they
 * had, though these have other numbers after each start; what was counted goes on from what stood there an interval before the kill
 * at the latest; and a recording over all of it is verified. More rounds by hand: {@code -Dkill.rounds=50}.
 */
class SessionsAfterKillIT {
    private static final int KILLS = Integer.getInteger("kill.rounds", 3);
    private static final int BACKENDS = 4;
    private static final int SESSIONS = 24;
    private static final int PATIENCE_MS = 5000;
    private static final long INTERVAL_MS = 300;

    /** A flow may have been handed over an interval ago; the rest is what a crowded machine may make of it. */
    private static final long MOST_LOST_NS = TimeUnit.MILLISECONDS.toNanos(INTERVAL_MS + 1500);

    @TempDir
    Path data;

    private final List<Named> backends = new ArrayList<>();
    private final List<DatagramSocket> clients = new ArrayList<>();

    /** How many answers had come by when, in this round and all before. */
    private final TreeMap<Long, Long> answers = new TreeMap<>();

    private long answered;

    @AfterEach
    void close() {
        clients.forEach(DatagramSocket::close);
        backends.forEach(Named::close);
    }

    @Test
    void shouldGoOnAtTheirBackends() throws Exception {
        for (int i = 0; i < BACKENDS; i++) {
            backends.add(new Named());
        }
        for (int i = 0; i < SESSIONS; i++) {
            clients.add(new DatagramSocket((SocketAddress) new InetSocketAddress(InetAddress.getLoopbackAddress(), 0)));
            clients.getLast().setSoTimeout(PATIENCE_MS);
        }
        int port = RealProxy.freePort();
        List<String> homes = new ArrayList<>();
        long worstNs = 0;
        for (int round = 1; round <= KILLS + 2; round++) {
            long beforeNs = System.nanoTime();
            try (RealProxy proxy = start(round, port)) {
                List<String> found = askAll(port);
                if (round == 1) {
                    homes.addAll(found);
                    assertEquals(BACKENDS, homes.stream().distinct().count(), homes::toString);
                } else {
                    assertEquals(homes, found, "round " + round + "\n" + proxy.log());
                    assertEquals(SESSIONS, proxy.metric("marchproxy_flow_state_found_sessions_total"));
                    worstNs = Math.max(worstNs, lostNs(round, beforeNs));
                }
                boolean dies = round <= KILLS;
                load(proxy, port, round);
                end(proxy, dies);
            }
        }
        Tools.Outcome verified = Tools.run("verify", data);
        assertEquals(0, verified.exitCode(), verified::toString);
        assertTrue(verified.out().contains((KILLS + 2) + " sessions"), verified.out());
        System.out.printf("%d kills: counters of the last %.0f ms at the most were lost%n", KILLS, worstNs / 1e6);
    }

    private RealProxy start(int round, int port) throws IOException {
        Collections.shuffle(backends, new Random(round));
        StringBuilder list = new StringBuilder();
        for (Named backend : backends) {
            list.append("{ id: b%d, address: \"127.0.0.1:%d\" }, ".formatted(backend.port(), backend.port()));
        }
        return new RealProxy(data, """
                engine:
                  shards: 2
                  max-flows: 10000
                  flow-state: { mode: on, interval: %dms }
                  journal: { mode: packets, max-size: 1GB }
                services:
                  - name: dns
                    listen: udp://127.0.0.1:%d
                    session-timeout: 10m
                    backends: [ %s ]
                """.formatted(INTERVAL_MS, port, list));
    }

    private List<String> askAll(int port) throws IOException {
        List<String> names = new ArrayList<>();
        for (DatagramSocket client : clients) {
            byte[] question = {'?'};
            client.send(new DatagramPacket(
                    question, question.length, new InetSocketAddress(InetAddress.getLoopbackAddress(), port)));
            DatagramPacket answer = new DatagramPacket(new byte[64], 64);
            client.receive(answer);
            names.add(new String(answer.getData(), 0, answer.getLength(), StandardCharsets.UTF_8));
            answers.put(System.nanoTime(), ++answered);
        }
        return names;
    }

    /** Questions without a pause, until everything in it was written at least twice. */
    private void load(RealProxy proxy, int port, int round) throws IOException {
        long untilNs = 0;
        while (untilNs == 0 || System.nanoTime() < untilNs) {
            askAll(port);
            if (untilNs == 0 && proxy.metric("marchproxy_flow_state_writing") == 1) {
                untilNs = System.nanoTime() + 3 * TimeUnit.MILLISECONDS.toNanos(INTERVAL_MS);
            }
        }
        assertEquals(0, proxy.metric("marchproxy_flow_state_lost_total"), "round " + round);
        Recording.await(
                "round " + round + ": all are written", () -> proxy.metric("marchproxy_flow_state_flows") == SESSIONS);
    }

    private static void end(RealProxy proxy, boolean dies) throws InterruptedException {
        if (dies) {
            proxy.kill();
        } else {
            proxy.stop();
        }
    }

    /** How long before the end of the round before what came back had been counted. */
    private long lostNs(int round, long endedNs) throws IOException {
        long restored = restored(round);
        long countedBefore = answers.headMap(endedNs).lastEntry().getValue();
        assertTrue(restored <= countedBefore, () -> restored + " came back of " + countedBefore);
        if (round == KILLS + 2) {
            assertEquals(countedBefore, restored, "it stopped as it should");
        }
        long lastLost = answers.headMap(endedNs).lastKey();
        long lostNs = answers.entrySet().stream()
                .filter(entry -> entry.getValue() >= restored)
                .mapToLong(entry -> lastLost - entry.getKey())
                .findFirst()
                .orElseThrow();
        assertTrue(lostNs < MOST_LOST_NS, () -> "round " + round + ": counters of " + lostNs + " ns are lost");
        // What is lost was never counted, as far as the rounds to come are concerned.
        long lost = countedBefore - restored;
        answered -= lost;
        Map<Long, Long> since = new TreeMap<>(answers.tailMap(endedNs));
        answers.clear();
        since.forEach((atNs, count) -> answers.put(atNs, count - lost));
        return lostNs;
    }

    /** Packets from clients that the RESTORE events of a round's session tell of; the journal may not have it yet. */
    private long restored(int round) throws IOException {
        PacketDescriptor event =
                new DescriptorSlab(Arena.global().allocate(DescriptorLayout.SIZE, DescriptorLayout.SIZE)).view(0);
        long[] sum = {0};
        Recording.await("the sessions stand in the journal", () -> {
            try (JournalReader reader = new JournalReader(data.resolve("journal/shard-0"))) {
                int events = 0;
                int sessions = 0;
                long session = Long.MIN_VALUE;
                while (reader.next()) {
                    if (reader.session() != session) {
                        session = reader.session();
                        sessions++;
                        sum[0] = 0;
                        events = 0;
                    }
                    for (long at = reader.recordsAt(); at < reader.recordsEnd(); at += Records.length(at)) {
                        if (Records.type(at) == RecordType.EVENT && Records.kind(at) == EventKind.RESTORE) {
                            Records.event(at, event);
                            sum[0] += FlowEntry.packetsToBackend(event.payloadAddress() - FlowLayout.REMEMBERED);
                            events++;
                        }
                    }
                }
                return sessions == round && events == SESSIONS;
            } catch (IOException e) {
                throw new AssertionError(e);
            }
        });
        return sum[0];
    }
}
