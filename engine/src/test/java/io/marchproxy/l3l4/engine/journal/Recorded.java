package io.marchproxy.l3l4.engine.journal;

import io.marchproxy.l3l4.config.settings.JournalSettings;
import io.marchproxy.l3l4.engine.shard.ShardOptions;
import io.marchproxy.l3l4.engine.transport.TransportKind;
import io.marchproxy.l3l4.stages.classify.AddressPrefix;
import io.marchproxy.l3l4.stages.classify.ClassifyRule;
import io.marchproxy.l3l4.stages.classify.ClassifySettings;
import io.marchproxy.l3l4.stages.classify.ServiceProfile;
import io.marchproxy.l3l4.stages.flow.FlowEnd;
import io.marchproxy.l3l4.stages.mark.MarkSettings;
import io.marchproxy.l3l4.stages.packet.DescriptorLayout;
import io.marchproxy.l3l4.stages.packet.DescriptorSlab;
import io.marchproxy.l3l4.stages.packet.EventKind;
import io.marchproxy.l3l4.stages.packet.PacketDescriptor;
import io.marchproxy.l3l4.stages.pipeline.DropReason;
import io.marchproxy.l3l4.stages.pipeline.PipelineOutput;
import io.marchproxy.l3l4.stages.pipeline.PipelineSettings;
import io.marchproxy.l3l4.stages.route.BackendPool;
import io.marchproxy.l3l4.stages.route.RouteSettings;
import io.marchproxy.l3l4.stages.shape.ShapeSettings;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;

/** What these tests record, and how they read it back. */
final class Recorded {
    static final PipelineOutput NO_OUTPUT = new PipelineOutput() {
        @Override
        public void forward(PacketDescriptor packet) {}

        @Override
        public void drop(PacketDescriptor packet, DropReason reason) {}

        @Override
        public void flowEnded(long flowRef, FlowEnd reason) {}
    };

    private Recorded() {}

    static PipelineSettings settings(long version) {
        return new PipelineSettings(
                version,
                "cafe" + version,
                new ClassifySettings(
                        List.of(new ServiceProfile(0, "dns ü", 17, true, 2, 1_000_000_000L, 1000, false, 0)),
                        List.of(new ClassifyRule(
                                17,
                                null,
                                new AddressPrefix(4, 0, 0x0a000000L, 8),
                                null,
                                -1,
                                65_535,
                                53,
                                53,
                                -1,
                                0,
                                46))),
                new ShapeSettings(1000, 1000, 1000, 1000),
                new MarkSettings(true, 46, 34, 18, 0),
                new RouteSettings(List.of(new BackendPool(List.of(7, 9), 1, 1_000_000_000L))));
    }

    static ShardOptions options() {
        return new ShardOptions(0, TransportKind.NIO, false, 4096, 1000, 42, List.of());
    }

    static JournalSettings mode(JournalSettings.Mode mode) {
        return new JournalSettings(mode, JournalSettings.SMALLEST_BYTES, Duration.ofDays(1), Duration.ofSeconds(1));
    }

    static PacketDescriptor descriptor() {
        return new DescriptorSlab(Arena.global().allocate(DescriptorLayout.SIZE, DescriptorLayout.SIZE)).view(0);
    }

    static PacketDescriptor datagram(PacketDescriptor packet, int client, long atNs) {
        packet.reset(EventKind.DATA, atNs);
        packet.protocol(17);
        packet.ipVersion(4);
        packet.sourceLow(0xc0a8_0001L);
        packet.sourcePort(client);
        packet.destinationLow(0x7f00_0001L);
        packet.destinationPort(53);
        packet.lengthBytes(64);
        return packet;
    }

    /** The types of all records in a shard's folder, in order. */
    static List<RecordType> types(Path shard) throws IOException {
        List<RecordType> types = new ArrayList<>();
        try (JournalReader reader = new JournalReader(shard)) {
            while (reader.next()) {
                for (long at = reader.recordsAt(); at < reader.recordsEnd(); at += Records.length(at)) {
                    types.add(Records.type(at));
                }
            }
        }
        return types;
    }
}
