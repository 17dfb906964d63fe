package io.marchproxy.l3l4.engine.demo;

import io.marchproxy.l3l4.engine.demo.DemoReport.Books;
import io.marchproxy.l3l4.engine.demo.DemoReport.Clients;
import io.marchproxy.l3l4.engine.demo.Scoreboard.Gap;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;

/** The report as a person reads it. */
final class ReportText {
    private static final double MEGABIT = 1e6;

    private final StringBuilder text = new StringBuilder();

    private ReportText() {}

    static String of(DemoReport report, Path folder) {
        ReportText text = new ReportText();
        text.head(report);
        text.traffic(report);
        text.failover(report);
        text.books(report);
        text.verdict(report, folder);
        return text.text.toString();
    }

    @SuppressWarnings("AnnotateFormatMethod") // the annotation would be one more dependency
    private void line(String format, Object... values) {
        text.append(String.format(Locale.ROOT, format, values)).append('\n');
    }

    private void head(DemoReport report) {
        line(
                "proxy-l3l4 %s demo: %.1f s after a warm-up of %d s · %s · %s · %d shard%s · %d CPUs shared by proxy, clients and backends",
                report.status().version(),
                report.seconds(),
                Demo.WARM_UP_SECONDS,
                report.status().transport(),
                report.status().mode(),
                report.status().shards().size(),
                report.status().shards().size() == 1 ? "" : "s",
                Runtime.getRuntime().availableProcessors());
        line("");
    }

    private void traffic(DemoReport report) {
        Clients clients = report.clients();
        double seconds = report.seconds();
        line("%-22s %12s %12s %10s %10s %10s %10s", "", "count", "per second", "p50", "p99", "p99.9", "max");
        row("TCP requests", seconds, report.tcp());
        row("UDP datagrams", seconds, report.udp());
        row("inside the pipeline", seconds, report.residence());
        double mbits = report.bulkBytes() * 8 / seconds / MEGABIT;
        line(
                "%-22s %,12d bytes there and back, %,.0f Mbit/s (paced)",
                "TCP bulk, " + Load.BULK_STREAMS + " streams", report.bulkBytes(), mbits);
        line(
                "%-22s %,12d by %d clients; requests one at a time each, datagrams paced at %,d/s",
                "TCP connections",
                clients.tcpConnections(),
                Load.REQUEST_CLIENTS + 1 + Load.BULK_STREAMS,
                Load.UDP_DATAGRAMS_PER_SECOND);
        line("");
    }

    private void row(String name, double seconds, Percentiles times) {
        line(
                "%-22s %,12d %,12.0f %10s %10s %10s %10s",
                name,
                times.count(),
                times.count() / seconds,
                time(times.p50Ns()),
                time(times.p99Ns()),
                time(times.p999Ns()),
                time(times.maxNs()));
    }

    private void failover(DemoReport report) {
        Clients clients = report.clients();
        line("Backend B was killed after %.1f s", report.killedAtSeconds());
        line("  TCP    first client served again after %s", gap(clients.tcpGap()));
        line("  UDP    first client served again after %s", gap(clients.udpGap()));
        line(
                "  under way with it when it died: %,d connections with %,d requests, %,d bytes in all; %,d datagrams",
                clients.cutConnections(), clients.cutRequests(), clients.cutBytes(), clients.cutDatagrams());
        line("");
        line(
                "%-22s %,d requests or connections, %,d bytes, %,d datagrams",
                "Lost otherwise", clients.lostRequests(), clients.lostBytes(), clients.lostDatagrams());
        line("%-22s %,d bytes, %,d datagrams", "Mixed up", clients.wrongBytes(), clients.wrongDatagrams());
        line("");
    }

    private static String gap(Gap gap) {
        return gap.equals(Gap.NONE) ? "… never" : time(gap.firstNs()) + ", the last after " + time(gap.lastNs());
    }

    private void books(DemoReport report) {
        line("%-22s %15s %15s %12s %8s", "The proxy's books", "bytes in", "out", "dropped", "held");
        for (String protocol : List.of("tcp", "udp")) {
            for (String direction : List.of("to-backend", "to-client")) {
                Books books = report.books(protocol, direction);
                line(
                        "  %-20s %,15d %,15d %,12d %,8d  %s",
                        protocol + " " + direction,
                        books.in(),
                        books.out(),
                        books.dropped(),
                        books.held(),
                        books.balanced() ? "balanced" : "NOT BALANCED");
            }
        }
        line("");
    }

    private void verdict(DemoReport report, Path folder) {
        line("Files: %s: report.txt, report.json, and latency/*.hlog for any reader of HdrHistogram logs", folder);
        line("");
        List<String> faults = report.faults();
        if (faults.isEmpty()) {
            line("PASSED: nothing lost or mixed up, books balanced, failover under a second");
        } else {
            line("FAILED:");
            faults.forEach(fault -> line("  %s", fault));
        }
    }

    /** A time with a unit that suits it. */
    static String time(long ns) {
        if (ns < 1_000) {
            return ns + " ns";
        }
        if (ns < 1_000_000) {
            return String.format(Locale.ROOT, ns < 10_000 ? "%.1f µs" : "%.0f µs", ns / 1e3);
        }
        if (ns < 1_000_000_000) {
            return String.format(Locale.ROOT, ns < 10_000_000 ? "%.1f ms" : "%.0f ms", ns / 1e6);
        }
        return String.format(Locale.ROOT, "%.1f s", ns / 1e9);
    }
}
