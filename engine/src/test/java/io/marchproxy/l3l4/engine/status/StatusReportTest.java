package io.marchproxy.l3l4.engine.status;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.marchproxy.l3l4.engine.status.StatusReport.BooksLine;
import io.marchproxy.l3l4.engine.status.StatusReport.DropLine;
import io.marchproxy.l3l4.engine.testing.Reports;
import java.util.List;
import org.junit.jupiter.api.Test;

class StatusReportTest {
    @Test
    void shouldNotLetAPlusAndAMinusCancel() {
        StatusReport report = report(line(100, 60), line(100, 140));

        assertEquals(80, report.imbalanceBytes());
    }

    @Test
    void shouldAddTwoLinesUpReasonByReason() {
        BooksLine sum = line(100, 60, new DropLine("ring-full", 1, 30), new DropLine("session-cap", 1, 10))
                .plus(line(50, 20, new DropLine("ring-full", 2, 30)))
                .of(-1, "(removed)");

        assertEquals("(removed)", sum.service());
        assertEquals(150, sum.inBytes());
        assertEquals(80, sum.outBytes());
        assertEquals(List.of(new DropLine("ring-full", 3, 60), new DropLine("session-cap", 1, 10)), sum.drops());
        assertEquals(0, sum.imbalanceBytes());
    }

    @Test
    void shouldCountWhatAReloadMovedFromOneClassToAnother() {
        BooksLine from = moved("P1", 100, 40, -50, 10);
        BooksLine to = moved("P3", 0, 50, 50, 0);

        assertEquals(0, report(from, to).imbalanceBytes());
        assertEquals(0, from.plus(to).movedBytes());
        assertEquals(-50, from.of(-1, "(removed)").movedBytes());
    }

    private static BooksLine moved(String trafficClass, long in, long out, long moved, long held) {
        return new BooksLine(
                0, "web", "tcp", trafficClass, "to-client", 1, in, 1, out, 1, held, 0, 0, 0, 0, 1, moved, List.of());
    }

    private static BooksLine line(long in, long out, DropLine... drops) {
        return new BooksLine(0, "web", "tcp", "P0", "to-client", 1, in, 1, out, 0, 0, 0, 0, 0, 0, 0, 0, List.of(drops));
    }

    private static StatusReport report(BooksLine... lines) {
        return new StatusReport(
                "1",
                1,
                "x",
                0,
                0,
                true,
                false,
                "nio",
                "pipelined",
                0,
                List.of(),
                List.of(),
                List.of(),
                StatusReport.CloudStatus.NONE,
                List.of(),
                List.of(),
                null,
                List.of(lines),
                List.of(),
                List.of(),
                Reports.placement());
    }
}
