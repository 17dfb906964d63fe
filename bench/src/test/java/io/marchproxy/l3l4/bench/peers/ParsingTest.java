package io.marchproxy.l3l4.bench.peers;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.util.List;
import org.HdrHistogram.Histogram;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** What other programs and the kernel say. */
class ParsingTest {

    private static final String IPERF = """
            { "start": { "bytes": 1, "sum_received": { "bytes": 2 } },
              "intervals": [ { "sum": { "bytes": 3, "bits_per_second": 4 } } ],
              "end": { "streams": [ { "receiver": { "bytes": 5 } } ],
                "sum_sent": { "bytes": 2500000000, "bits_per_second": 1.1e10 },
                "sum_received": { "seconds": 2.0, "bytes": 2400000000, "bits_per_second": 9600000000.5 } } }
            """;

    private static final String WRK = """
            Running 2s test @ http://127.0.0.1:8103/
              1 threads and 64 connections
              Thread Stats   Avg      Stdev     Max   +/- Stdev
                Latency   833.52us  456.14us   9.01ms   93.07%
                Req/Sec    78.57k     7.34k   90.93k    80.00%
              Latency Distribution
                 50%  806.00us
                 75%    0.89ms
                 90%    1.03ms
                 99%    2.76ms
              156303 requests in 2.01s, 25.64MB read
            Requests/sec:  77835.10
            Transfer/sec:     12.77MB
            """;

    @Test
    void shouldReadWhatIperfsReceiverGot() throws IOException {
        assertEquals(new IperfResult(2_400_000_000.0, 9_600_000_000.5), IperfResult.parse(IPERF));
    }

    @Test
    void shouldPassOnWhatIperfComplainsOf() {
        IOException e = assertThrows(
                IOException.class,
                () -> IperfResult.parse("{ \"start\": {}, \"error\": \"the server is busy running a test\" }"));

        assertEquals("iperf3: the server is busy running a test", e.getMessage());
    }

    @ParameterizedTest
    @CsvSource({"{}", "''", "nonsense", "'{ \"end\": { \"sum_received\": { \"bytes\": 0, \"bits_per_second\": 0 } } }'"
    })
    void shouldTakeNothingReceivedForAFailure(String report) {
        assertThrows(IOException.class, () -> IperfResult.parse(report));
    }

    @Test
    void shouldReadRateAndPercentilesOfWrk() throws IOException {
        assertEquals(new WrkResult(77_835.10, 156_303, 806, 2_760), WrkResult.parse(WRK));
    }

    @Test
    void shouldReadAllTimesThatWrksScriptSays() {
        Histogram latencies = WrkLatencies.parse(WRK + "latency 120 3\nlatency 2760 1\n");

        assertEquals(4, latencies.getTotalCount());
        assertTrue(latencies.valuesAreEquivalent(120_000, latencies.getValueAtPercentile(50)));
        assertTrue(latencies.valuesAreEquivalent(2_760_000, latencies.getMaxValue()));
    }

    @Test
    void shouldReadTimesOfWrkInAnyUnit() throws IOException {
        WrkResult result = WrkResult.parse(WRK.replace("806.00us", "1.50s ").replace("2.76ms", "2.00m "));

        assertEquals(1_500_000, result.p50Us());
        assertEquals(120_000_000, result.p99Us());
    }

    @ParameterizedTest
    @CsvSource({"'  Socket errors: connect 0, read 3, write 0, timeout 0'", "'  Non-2xx or 3xx responses: 7'"})
    void shouldTakeFailedRequestsForAFailure(String line) {
        IOException e = assertThrows(
                IOException.class, () -> WrkResult.parse(WRK.replace("Requests/sec", line + "\nRequests/sec")));

        assertTrue(String.valueOf(e.getMessage()).contains(line.strip()), e.getMessage());
    }

    @Test
    void shouldTakeAnUnknownReportOfWrkForAFailure() {
        assertThrows(
                IOException.class, () -> WrkResult.parse("unable to connect to 127.0.0.1:8103 Connection refused"));
    }

    @Test
    void shouldReadCpuTimeBehindANameWithBlanksAndBrackets() {
        String stat = "4242 (a) (b c) S 1 4242 4242 0 -1 4194304 2090 0 0 0 250 125 99 99 20 0 1 0 8 9 10 11";

        assertEquals(3.75, Proc.cpuSecondsOf(stat));
    }

    @Test
    void shouldCountNeitherIdlenessNorStolenTimeAsBusy() {
        String stat = "cpu  100 20 300 4000 50 6 70 8000 0 0\ncpu0 1 1 1 1 1 1 1 1 0 0\n";

        assertEquals((100 + 20 + 300 + 6 + 70) / 100.0, Proc.machineSecondsOf(stat));
    }

    @Test
    void shouldReadMemoryInKilobytes() {
        assertEquals(
                5_120, Proc.kilobytes("00400000-7ffd [rollup]\nRss:        8000 kB\nPss:        5120 kB\n", "Pss:"));
    }

    @Test
    void shouldReadListsOfCpus() {
        assertEquals(List.of(0, 2, 3, 4, 9), Proc.cpuList("0,2-4,9"));
    }

    @Test
    void shouldReadThisProcessOfTheRealMachine() throws IOException {
        List<Long> self = List.of(ProcessHandle.current().pid());
        double before = Proc.cpuSeconds(self);
        double machineBefore = Proc.machineSeconds();
        long sum = 0;
        while (Proc.cpuSeconds(self) < before + 0.05) {
            sum += System.nanoTime();
        }

        assertTrue(sum != 0);
        assertTrue(Proc.machineSeconds() > machineBefore);
        assertTrue(Proc.memoryBytes(self) > 1_000_000);
        assertTrue(Proc.descriptorLimit() > 100);
        assertTrue(!Proc.allowedCpus().isEmpty());
    }

    @Test
    void shouldReadTheLoadsAnswer() throws IOException {
        assertEquals(1.5e6, LoadAnswer.parse("ok sent=1500000.0 cpu=0.5").get("sent"));
        assertThrows(
                IllegalArgumentException.class, () -> LoadAnswer.parse("ok").get("sent"));
        assertThrows(IOException.class, () -> LoadAnswer.parse("failed java.io.IOException: no"));
        assertThrows(IOException.class, () -> LoadAnswer.parse(null));
    }
}
