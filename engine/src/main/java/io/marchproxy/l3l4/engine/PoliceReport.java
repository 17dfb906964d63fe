package io.marchproxy.l3l4.engine;

import io.marchproxy.l3l4.engine.settings.RuleText;
import io.marchproxy.l3l4.engine.shard.Shard;
import io.marchproxy.l3l4.engine.status.StatusReport.PoliceLine;
import io.marchproxy.l3l4.stages.packet.Direction;
import io.marchproxy.l3l4.stages.pipeline.PipelineSettings;
import io.marchproxy.l3l4.stages.shape.Color;
import io.marchproxy.l3l4.stages.shape.PoliceSettings;
import java.util.ArrayList;
import java.util.List;

/** Adds up what the shards' policers counted, for each rule in force, direction and color that saw packets. */
final class PoliceReport {
    private PoliceReport() {}

    static List<PoliceLine> lines(List<Shard> shards, PipelineSettings settings) {
        List<PoliceLine> lines = new ArrayList<>();
        for (PoliceSettings one : settings.shape().policing()) {
            String rule = RuleText.conditions(settings.classify().rules().get(one.place()));
            for (Direction direction : Direction.values()) {
                for (Color color : Color.values()) {
                    long packets = 0;
                    long bytes = 0;
                    for (Shard shard : shards) {
                        packets += shard.pipeline().policed().packets(one.number(), direction, color);
                        bytes += shard.pipeline().policed().bytes(one.number(), direction, color);
                    }
                    if (packets != 0) {
                        lines.add(new PoliceLine(rule, BooksReport.label(direction), label(color), packets, bytes));
                    }
                }
            }
        }
        return lines;
    }

    private static String label(Color color) {
        return switch (color) {
            case GREEN -> "conform";
            case YELLOW -> "exceed";
            case RED -> "violate";
        };
    }
}
