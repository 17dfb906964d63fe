package io.marchproxy.l3l4.bench.peers.load;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.net.DatagramSocket;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** The load against its own sinks, without a proxy between: nothing may be lost or counted twice. */
class PeersLoadTest {

    /** Far below what the slowest machine carries. */
    private static final int PER_SECOND = 5_000;

    private static int freeUdpPort() throws IOException {
        try (DatagramSocket socket = new DatagramSocket(0, InetAddress.getLoopbackAddress())) {
            return socket.getLocalPort();
        }
    }

    private static int freeTcpPort() throws IOException {
        try (ServerSocket socket = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            return socket.getLocalPort();
        }
    }

    @ParameterizedTest
    @CsvSource({"64, false", "1400, false", "64, true", "1400, true"})
    void shouldCountEveryDatagramOnce(int bytes, boolean merged) throws Exception {
        int port = freeUdpPort();
        try (Sinks sinks = new Sinks();
                Flood flood = new Flood(port, sinks.counting(port, merged), bytes, merged)) {
            Flood.Trial trial = flood.run(0.2, merged ? 20 * PER_SECOND : PER_SECOND);

            assertTrue(trial.sent() >= Flood.FLOWS, trial.toString());
            assertEquals(trial.sent(), trial.arrived());
            assertTrue(trial.arrivedMeanwhile() <= trial.arrived());
        }
    }

    @Test
    void shouldCountWhatNobodyReceivesAsLost() throws Exception {
        int sink = freeUdpPort();
        try (DatagramSocket proxyThatSwallows = new DatagramSocket(0, InetAddress.getLoopbackAddress());
                Sinks sinks = new Sinks();
                Flood flood = new Flood(proxyThatSwallows.getLocalPort(), sinks.counting(sink, false), 64, false)) {
            Flood.Trial trial = flood.run(0.05, PER_SECOND);

            assertTrue(trial.sent() > 0);
            assertEquals(0, trial.arrived());
            assertEquals(1, LosslessRate.of(flood, 0.05).lost(PER_SECOND));
        }
    }

    @Test
    void shouldMeasureLatencyOfEveryDatagram() throws Exception {
        int port = freeUdpPort();

        try (Sinks sinks = new Sinks()) {
            for (int i = 0; i < 2; i++) {
                List<Long> logged = new ArrayList<>();
                Map<String, Double> found = new LatencyProbe(port, sinks.plain(port), 64, 1_000)
                        .run(0.3, List.of(), (latencies, startMs, endMs) -> {
                            logged.add(latencies.getTotalCount());
                            assertTrue(endMs - startMs >= 300, () -> startMs + " to " + endMs);
                        });

                assertEquals(List.of(found.get("arrived").longValue()), logged);
                assertEquals(found.get("sent"), found.get("arrived"));
                assertTrue(found.get("sent") > 10, found.toString());
                assertTrue(found.get("p50Us") > 0 && found.get("p50Us") <= found.get("p99Us"), found.toString());
            }
        }
    }

    @ParameterizedTest
    @ValueSource(doubles = {25_000, 157_000, 400_000, 1_500_000})
    void shouldFindTheHighestRateWithoutLoss(double limit) throws Exception {
        double found = LosslessRate.find(perSecond -> perSecond <= limit ? 0.0005 : 1 - limit / perSecond);

        assertTrue(found <= limit && found > limit / 1.05, limit + " was taken for " + found);
    }

    @Test
    void shouldFindNoRateWhereAllLose() throws Exception {
        assertEquals(0, LosslessRate.find(_ -> 0.01));
    }

    @Test
    void shouldNotBelieveAGeneratorThatCanNotSendSoMuch() throws Exception {
        int port = freeUdpPort();
        try (Sinks sinks = new Sinks();
                Flood flood = new Flood(port, sinks.counting(port, false), 64, false)) {
            assertTrue(LosslessRate.of(flood, 0.05).lost(1e9) > 0.5);
        }
    }

    @Test
    void shouldHoldConnectionsThatWereAnswered() throws Exception {
        int port = freeTcpPort();
        try (IdleConnections idle = new IdleConnections(port)) {
            idle.open(port, 20);
            idle.open(port, 30);
        }
    }
}
