package io.marchproxy.l3l4.engine.testing;

import io.marchproxy.l3l4.engine.journal.JournalStatus;
import io.marchproxy.l3l4.engine.latency.LatencyLogStatus;
import io.marchproxy.l3l4.engine.state.FlowStateStatus;
import io.marchproxy.l3l4.engine.status.StatusReport;
import io.marchproxy.l3l4.engine.status.StatusReport.BackendStatus;
import io.marchproxy.l3l4.engine.status.StatusReport.BooksLine;
import io.marchproxy.l3l4.engine.status.StatusReport.DropLine;
import io.marchproxy.l3l4.engine.status.StatusReport.ServiceStatus;
import io.marchproxy.l3l4.engine.status.StatusReport.ShardStatus;
import io.marchproxy.l3l4.engine.status.StatusReport.TcpStatus;
import java.util.List;
import java.util.Map;
import org.HdrHistogram.Histogram;

/** Status reports for tests of those who show them: every field has a value that can be told from every other. */
public final class Reports {
    private Reports() {}

    /** A service that was taken away and came back (numbers 0 and 2) beside another; its books balance. */
    public static StatusReport busy() {
        return new StatusReport(
                "1.2.3",
                90_500_000_000L,
                "cafe01",
                4,
                5,
                true,
                false,
                "io_uring",
                "run-to-completion",
                6,
                List.of(new ShardStatus(0, List.of(1, 3), 7, 8, 9, 16), new ShardStatus(1, List.of(), 17, 18, 19, 32)),
                List.of(
                        new ServiceStatus(0, "web", "tcp", false, List.of(), "P1", 2, 100, 30, tcp(3, 4, 1)),
                        new ServiceStatus(
                                1, "dns", "udp", true, List.of("udp://127.0.0.1:53"), "P0", 20, 200, 300, null),
                        new ServiceStatus(
                                2,
                                "web",
                                "tcp",
                                true,
                                List.of("tcp://127.0.0.1:80", "tcp://[::1]:80"),
                                "P1",
                                21,
                                201,
                                301,
                                tcp(5, 6, 5_000))),
                List.of(
                        backend(0, 0, "web", "tcp", true),
                        backend(1, 1, "dns", "udp", false),
                        backend(2, 2, "web", "tcp", true)),
                new StatusReport.CloudStatus(
                        "2026-11",
                        "onprem cellar",
                        List.of(new StatusReport.RoutingStatus(
                                2, "web", "tcp", "cost", true, 601, 602, 5.5, 2.25, true, 1_500_000_000L)),
                        List.of(new StatusReport.RegionStatus("aws", "us-east-1", true, 603, 604, 605, 6.5))),
                List.of(
                        new JournalStatus(0, JournalStatus.State.RECORDING, 1000, 0, 72_000, 640, 5_242_880, 3, 0),
                        new JournalStatus(1, JournalStatus.State.DISK_FULL, 2000, 30, 144_000, 0, 6_291_456, 1, 2)),
                List.of(
                        new LatencyLogStatus(0, LatencyLogStatus.State.WRITING, 100, 0, 40_960),
                        new LatencyLogStatus(1, LatencyLogStatus.State.FAILED, 200, 3, 81_920)),
                new StatusReport.FlowStateReport(
                        new FlowStateStatus(
                                FlowStateStatus.State.WRITING, 501, 1000, 502, 503, 504, 505, 506, 507, 508),
                        509,
                        510),
                List.of(
                        new BooksLine(
                                0,
                                "web",
                                "tcp",
                                "P1",
                                "to-backend",
                                3,
                                1000,
                                3,
                                1000,
                                0,
                                0,
                                0,
                                0,
                                0,
                                0,
                                0,
                                0,
                                List.of()),
                        new BooksLine(
                                1,
                                "dns",
                                "udp",
                                "P0",
                                "to-backend",
                                16,
                                540,
                                10,
                                300,
                                2,
                                80,
                                4,
                                160,
                                7,
                                220,
                                -1,
                                -40,
                                List.of(new DropLine("session-cap", 2, 100), new DropLine("ring-full", 1, 20))),
                        new BooksLine(
                                2,
                                "web",
                                "tcp",
                                "P1",
                                "to-backend",
                                5,
                                2000,
                                5,
                                2000,
                                0,
                                0,
                                0,
                                0,
                                0,
                                0,
                                0,
                                0,
                                List.of())),
                List.of(new StatusReport.QueueStatus("P0", "to-backend", delays())),
                List.of(new StatusReport.PoliceLine("udp source 10.0.0.0/8", "to-backend", "exceed", 21, 2100)),
                placement());
    }

    /** 95 of 2 ms, and 5 of 30 ms. */
    private static Histogram delays() {
        Histogram delays = new Histogram(3);
        delays.recordValueWithCount(2_000_000, 95);
        delays.recordValueWithCount(30_000_000, 5);
        return delays;
    }

    /** Two nodes, the second of which refused to have memory bound. */
    public static StatusReport.PlacementStatus placement() {
        return new StatusReport.PlacementStatus(
                "as configured",
                "0-3",
                2,
                true,
                List.of(
                        new StatusReport.NodeStatus(0, "0,2", 1, List.of(0), true),
                        new StatusReport.NodeStatus(1, "1,3", 1, List.of(1), false)),
                50_000,
                "by node",
                List.of("a note"),
                List.of("echo 1 > /proc/irq/30/smp_affinity_list  # eth0"));
    }

    private static TcpStatus tcp(long pauses, long retries, long durationMs) {
        Histogram durations = new Histogram(2);
        durations.recordValue(durationMs);
        return new TcpStatus(pauses, retries, durations);
    }

    private static BackendStatus backend(int index, int serviceId, String service, String protocol, boolean healthy) {
        return new BackendStatus(
                index,
                serviceId,
                service,
                protocol,
                service + "-1",
                "127.0.0.1:9001",
                "aws",
                "us-east-1",
                0.09,
                healthy,
                10_000_000_000L,
                healthy ? "" : "said \"no\"",
                40 + index,
                50 + index,
                600,
                700,
                0.5,
                index == 1 ? 0 : 2_500_000,
                new StatusReport.ProbeStatus(
                        healthy ? "healthy" : "silent",
                        false,
                        healthy ? 0 : 3_500_000_000L,
                        2_000_000,
                        125_000,
                        0.25,
                        index == 1 ? 0 : 40,
                        index == 1 ? 0 : 10,
                        healthy ? Map.of() : Map.of("silent", 2L, "refused", 1L)));
    }
}
