package io.marchproxy.l3l4.engine;

import io.marchproxy.l3l4.engine.settings.CompiledSettings.CompiledService;
import io.marchproxy.l3l4.engine.shard.ShardBooks;
import io.marchproxy.l3l4.engine.status.StatusReport.BooksLine;
import io.marchproxy.l3l4.engine.status.StatusReport.DropLine;
import io.marchproxy.l3l4.stages.packet.Direction;
import io.marchproxy.l3l4.stages.pipeline.DropReason;
import io.marchproxy.l3l4.stages.pipeline.TrafficBooks;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;

/** Adds the shards' books up into one line for each service, class and direction that saw traffic. */
final class BooksReport {
    private static final int CLASSES = 4;

    private BooksReport() {}

    /**
     * Writes the lines.
     *
     * @param gone numbers of those of the services that are written as one for each protocol
     */
    static List<BooksLine> lines(List<ShardBooks> shards, List<CompiledService> services, Set<Integer> gone) {
        TrafficBooks ingress = new TrafficBooks(services.size());
        TrafficBooks pipeline = new TrafficBooks(services.size());
        TrafficBooks egress = new TrafficBooks(services.size());
        for (ShardBooks shard : shards) {
            ingress.add(shard.ingress());
            pipeline.add(shard.pipeline());
            egress.add(shard.egress());
        }
        List<BooksLine> lines = new ArrayList<>();
        Map<String, BooksLine> removed = new LinkedHashMap<>();
        for (CompiledService service : services) {
            for (int trafficClass = 0; trafficClass < CLASSES; trafficClass++) {
                for (Direction direction : Direction.values()) {
                    BooksLine line = line(service, trafficClass, direction, ingress, pipeline, egress);
                    if (line.inPackets() == 0
                            && line.movedPackets() == 0
                            && line.drops().isEmpty()) {
                        continue;
                    }
                    if (gone.contains(service.id())) {
                        removed.merge(
                                line.protocol() + line.trafficClass() + line.direction(),
                                line.of(-1, StatusParts.REMOVED),
                                BooksLine::plus);
                    } else {
                        lines.add(line);
                    }
                }
            }
        }
        lines.addAll(removed.values());
        return List.copyOf(lines);
    }

    /** How reports call a direction. */
    static String label(Direction direction) {
        return direction.name().toLowerCase(Locale.ROOT).replace('_', '-');
    }

    private static BooksLine line(
            CompiledService service,
            int trafficClass,
            Direction direction,
            TrafficBooks ingress,
            TrafficBooks pipeline,
            TrafficBooks egress) {
        int id = service.id();
        List<DropLine> drops = new ArrayList<>();
        for (DropReason reason : DropReason.values()) {
            long packets = ingress.droppedPackets(id, trafficClass, direction, reason)
                    + pipeline.droppedPackets(id, trafficClass, direction, reason)
                    + egress.droppedPackets(id, trafficClass, direction, reason);
            long bytes = ingress.droppedBytes(id, trafficClass, direction, reason)
                    + pipeline.droppedBytes(id, trafficClass, direction, reason)
                    + egress.droppedBytes(id, trafficClass, direction, reason);
            if (packets != 0 || bytes != 0) {
                drops.add(new DropLine(reason.label(), packets, bytes));
            }
        }
        return new BooksLine(
                id,
                service.settings().name(),
                service.protocolLabel(),
                "P" + trafficClass,
                label(direction),
                ingress.inPackets(id, trafficClass, direction) + pipeline.inPackets(id, trafficClass, direction),
                ingress.inBytes(id, trafficClass, direction) + pipeline.inBytes(id, trafficClass, direction),
                ingress.outPackets(id, trafficClass, direction) + egress.outPackets(id, trafficClass, direction),
                ingress.outBytes(id, trafficClass, direction) + egress.outBytes(id, trafficClass, direction),
                ingress.heldPackets(id, trafficClass, direction)
                        + pipeline.heldPackets(id, trafficClass, direction)
                        + egress.heldPackets(id, trafficClass, direction),
                ingress.heldBytes(id, trafficClass, direction)
                        + pipeline.heldBytes(id, trafficClass, direction)
                        + egress.heldBytes(id, trafficClass, direction),
                pipeline.markedPackets(id, trafficClass, direction),
                pipeline.markedBytes(id, trafficClass, direction),
                pipeline.borrowedPackets(id, trafficClass, direction),
                pipeline.borrowedBytes(id, trafficClass, direction),
                pipeline.movedPackets(id, trafficClass, direction),
                pipeline.movedBytes(id, trafficClass, direction),
                List.copyOf(drops));
    }
}
