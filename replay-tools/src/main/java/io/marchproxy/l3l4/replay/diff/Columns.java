package io.marchproxy.l3l4.replay.diff;

import io.marchproxy.l3l4.stages.packet.Direction;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Function;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/** What tables show of rows, in this order; the text and the page show the same. */
final class Columns {
    /**
     * A column: a figure of either side.
     *
     * @param text the figure with its unit
     * @param isShown whether a side has anything of the kind; a column in which nobody has is left out
     */
    record Column<T>(String title, Function<T, String> text, Predicate<T> isShown) {
        /** A row's cell: what was and what would be, or only that where they are the same. */
        String cell(T before, T after) {
            String was = text.apply(before);
            String is = text.apply(after);
            return was.equals(is) ? was : was + " → " + is;
        }

        /** Whether the cell shows a change. */
        boolean changes(T before, T after) {
            return !text.apply(before).equals(text.apply(after));
        }
    }

    /** What a terminal has no room for. */
    private static final String WIDE = "peak 100 ms";

    private static final List<Column<Figures>> ROWS = List.of(
            new Column<>(
                    "connections", figures -> Units.count(figures.connections()), figures -> figures.connections() > 0),
            new Column<>("packets", figures -> Units.count(figures.packets()), figures -> true),
            new Column<>("bytes", figures -> Units.bytes(figures.bytes()), figures -> true),
            new Column<>(
                    "dropped",
                    figures -> Units.count(figures.droppedPackets()),
                    figures -> figures.droppedPackets() > 0),
            new Column<>(
                    "waiting",
                    figures -> Units.count(figures.waitingPackets()),
                    figures -> figures.waitingPackets() > 0),
            new Column<>("mean rate", figures -> Units.rate(figures.rate().mean()), figures -> true),
            new Column<>("peak 1 s", figures -> Units.rate(figures.rate().peak1s()), figures -> true),
            new Column<>(WIDE, figures -> Units.rate(figures.rate().peak100ms()), figures -> true),
            new Column<>("delay p50", figures -> Units.duration(figures.delay().p50Ns()), Columns::isDelayed),
            new Column<>("p99", figures -> Units.duration(figures.delay().p99Ns()), Columns::isDelayed),
            new Column<>("max", figures -> Units.duration(figures.delay().maxNs()), Columns::isDelayed),
            new Column<>("cost", figures -> Units.money(figures.cost()), figures -> figures.cost() != 0));

    private static final List<Column<ClientRow.Figures>> CLIENTS = List.of(
            new Column<>("packets", figures -> Units.count(figures.packets()), figures -> true),
            new Column<>("bytes", figures -> Units.bytes(figures.bytes()), figures -> true),
            new Column<>("dropped", figures -> Units.count(figures.dropped()), figures -> figures.dropped() > 0),
            new Column<>(
                    "delay p50",
                    figures -> Units.duration(figures.delay().p50Ns()),
                    figures -> figures.delay().maxNs() > 0),
            new Column<>(
                    "p99",
                    figures -> Units.duration(figures.delay().p99Ns()),
                    figures -> figures.delay().maxNs() > 0),
            new Column<>("cost", figures -> Units.money(figures.cost()), figures -> figures.cost() != 0));

    private Columns() {}

    private static boolean isDelayed(Figures figures) {
        return figures.delay().maxNs() > 0;
    }

    /**
     * The columns that have something to show in these rows.
     *
     * @param isNarrow whether room is scarce
     */
    static List<Column<Figures>> of(List<Row> rows, boolean isNarrow) {
        List<Figures> all = new ArrayList<>();
        rows.forEach(row -> all.addAll(List.of(row.before(), row.after())));
        return ROWS.stream()
                .filter(column -> !isNarrow || !column.title().equals(WIDE))
                .filter(column -> all.stream().anyMatch(column.isShown()))
                .toList();
    }

    static List<Column<ClientRow.Figures>> ofClients(List<ClientRow> rows) {
        List<ClientRow.Figures> all = new ArrayList<>();
        rows.forEach(row -> all.addAll(List.of(row.before(), row.after())));
        return CLIENTS.stream()
                .filter(column -> all.stream().anyMatch(column.isShown()))
                .toList();
    }

    /** A direction in words; both together have none. */
    static String direction(@Nullable Direction direction) {
        if (direction == null) {
            return "";
        }
        return direction == Direction.TO_BACKEND ? "to backend" : "to client";
    }
}
