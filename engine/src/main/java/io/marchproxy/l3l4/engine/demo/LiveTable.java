package io.marchproxy.l3l4.engine.demo;

import io.marchproxy.l3l4.engine.status.StatusReport;
import io.marchproxy.l3l4.engine.status.StatusReport.BackendStatus;
import java.io.PrintWriter;
import java.util.Locale;
import org.HdrHistogram.Histogram;

/** The last second at a glance: redrawn in place on a terminal, otherwise a line each second. */
final class LiveTable {
    private static final String CLEAR_LINE = "\033[2K";
    private static final int BAR_CELLS = 40;

    private final PrintWriter out;
    private final boolean terminal;
    private int linesDrawn;

    LiveTable(PrintWriter out, boolean terminal) {
        this.out = out;
        this.terminal = terminal;
    }

    /**
     * One second.
     *
     * @param answersA requests and datagrams that backend A answered in it
     * @param bulkBytes of the bulk streams that came back in it
     */
    record Second(
            int elapsed,
            int planned,
            Histogram tcp,
            Histogram udp,
            long bulkBytes,
            long answersA,
            long answersB,
            boolean killed,
            long lost,
            StatusReport status) {

        String healthOf(String backend) {
            if (killed && backend.equals("B")) {
                return anyHealthy(backend) ? "killed" : "killed, out";
            }
            return anyHealthy(backend) ? "up" : "out";
        }

        private boolean anyHealthy(String backend) {
            return status.backends().stream()
                    .filter(each -> each.id().equals(backend))
                    .anyMatch(BackendStatus::healthy);
        }
    }

    void show(Second second) {
        if (terminal) {
            redraw(second);
        } else {
            append(second);
        }
        out.flush();
    }

    private void append(Second second) {
        if (linesDrawn++ == 0) {
            line(
                    "%5s | %9s %8s %8s | %9s | %9s %8s %8s | %5s | %-11s",
                    "", "TCP req/s", "p50", "p99", "bulk Mbit", "UDP msg/s", "p50", "p99", "lost", "A / B");
        }
        line(
                "%3d s | %,9d %8s %8s | %,9d | %,9d %8s %8s | %,5d | %s / %s",
                second.elapsed(),
                second.tcp().getTotalCount(),
                time(second.tcp(), 50),
                time(second.tcp(), 99),
                second.bulkBytes() * 8 / 1_000_000,
                second.udp().getTotalCount(),
                time(second.udp(), 50),
                time(second.udp(), 99),
                second.lost(),
                second.healthOf("A"),
                second.healthOf("B"));
    }

    private void redraw(Second second) {
        if (linesDrawn > 0) {
            out.print("\033[" + linesDrawn + "A");
        }
        linesDrawn = 0;
        int done = Math.min(BAR_CELLS, BAR_CELLS * second.elapsed() / second.planned());
        row("%s%s %2d of %d s", "█".repeat(done), "░".repeat(BAR_CELLS - done), second.elapsed(), second.planned());
        row("");
        row("%-16s %12s %10s %10s %10s", "", "per second", "p50", "p99", "max");
        round("TCP requests", second.tcp());
        round("UDP datagrams", second.udp());
        row("%-16s %,12d Mbit/s there and back", "TCP bulk", second.bulkBytes() * 8 / 1_000_000);
        row("%-16s %,12d answers/s  %s", "Backend A", second.answersA(), second.healthOf("A"));
        row("%-16s %,12d answers/s  %s", "Backend B", second.answersB(), second.healthOf("B"));
        row("%-16s %,12d", "Lost", second.lost());
    }

    private void round(String name, Histogram times) {
        row(
                "%-16s %,12d %10s %10s %10s",
                name, times.getTotalCount(), time(times, 50), time(times, 99), time(times, 100));
    }

    @SuppressWarnings("AnnotateFormatMethod")
    private void row(String format, Object... values) {
        out.print(CLEAR_LINE);
        line(format, values);
        linesDrawn++;
    }

    @SuppressWarnings("AnnotateFormatMethod") // the annotation would be one more dependency
    private void line(String format, Object... values) {
        out.print(String.format(Locale.ROOT, format, values));
        out.print('\n');
    }

    private static String time(Histogram times, double percentile) {
        return times.getTotalCount() == 0 ? "-" : ReportText.time(times.getValueAtPercentile(percentile));
    }
}
