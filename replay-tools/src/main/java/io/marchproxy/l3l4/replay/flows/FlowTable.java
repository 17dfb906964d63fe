package io.marchproxy.l3l4.replay.flows;

import io.marchproxy.l3l4.replay.Wall;
import java.io.PrintWriter;
import java.util.List;
import java.util.Locale;

/** Flows as lines for people, with their number and sums at the end. Columns do not wait for the widest value: there may be millions. */
final class FlowTable implements FlowOutput {
    private static final String FORM = "%-24s %9s %-5s %-21s %-21s %-12s %-2s %4s %-10s %9s %9s %9s %9s %7s  %s";

    private final PrintWriter out;
    private long flows;
    private long toBackend;
    private long toClient;
    private long dropped;

    FlowTable(PrintWriter out) {
        this.out = out;
        out.println(String.format(
                Locale.ROOT,
                FORM,
                "start",
                "duration",
                "proto",
                "client",
                "listener",
                "service",
                "",
                "dscp",
                "backend",
                "packets→",
                "bytes→",
                "packets←",
                "bytes←",
                "dropped",
                "end"));
    }

    @Override
    public void write(Flow flow) {
        flows++;
        toBackend += flow.bytesToBackend();
        toClient += flow.bytesToClient();
        dropped += flow.droppedPackets();
        String backend = flow.backend();
        out.println(String.format(
                Locale.ROOT,
                FORM,
                Wall.time(flow.startUs() / 1_000),
                seconds(flow.durationNs()),
                flow.protocolLabel(),
                flow.client(),
                flow.listener(),
                flow.service(),
                flow.classLabel(),
                flow.dscp() == null ? "-" : flow.dscp(),
                backend == null ? "-" : backend,
                flow.packetsToBackend(),
                size(flow.bytesToBackend()),
                flow.packetsToClient(),
                size(flow.bytesToClient()),
                flow.droppedPackets(),
                flow.endReason()));
    }

    private static String seconds(long ns) {
        return String.format(Locale.ROOT, "%.3fs", ns / 1e9);
    }

    /** Bytes in powers of ten, with three digits. */
    static String size(long bytes) {
        if (bytes < 1_000) {
            return bytes + "B";
        }
        double value = bytes;
        int unit = -1;
        List<String> units = List.of("KB", "MB", "GB", "TB", "PB", "EB");
        while (value >= 999.5 && unit < units.size() - 1) {
            value /= 1_000;
            unit++;
        }
        return String.format(
                Locale.ROOT, value < 9.995 ? "%.2f%s" : value < 99.95 ? "%.1f%s" : "%.0f%s", value, units.get(unit));
    }

    @Override
    public void close() {
        out.println(String.format(
                Locale.ROOT,
                "%,d flows, %,d bytes to backends, %,d bytes to clients, %,d packets dropped",
                flows,
                toBackend,
                toClient,
                dropped));
        out.flush();
    }
}
