package io.marchproxy.l3l4.replay.flows;

import io.marchproxy.l3l4.replay.Csv;
import java.io.PrintWriter;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Flows as CSV (RFC 4180) with a line of names; null is an empty field. */
final class FlowCsv implements FlowOutput {
    private final PrintWriter out;
    private final @Nullable String host;

    FlowCsv(PrintWriter out, @Nullable String host) {
        this.out = out;
        this.host = host;
        List<String> names = new ArrayList<>(List.of("host"));
        Arrays.stream(FlowColumn.values()).map(FlowColumn::label).forEach(names::add);
        out.println(Csv.line(names));
    }

    @Override
    public void write(Flow flow) {
        List<@Nullable Object> fields = new ArrayList<>();
        fields.add(host);
        for (FlowColumn column : FlowColumn.values()) {
            Object value = column.of(flow);
            fields.add(column.kind() == FlowColumn.Kind.TIME && value instanceof Long us ? FlowTimes.text(us) : value);
        }
        out.println(Csv.line(fields));
    }

    @Override
    public void close() {
        out.flush();
    }
}
