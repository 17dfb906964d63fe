package io.marchproxy.l3l4.replay;

import io.marchproxy.l3l4.config.settings.JournalSettings;
import io.marchproxy.l3l4.engine.flow.NoOutput;
import io.marchproxy.l3l4.engine.flow.OffHeapFlowTable;
import io.marchproxy.l3l4.engine.journal.Journals;
import io.marchproxy.l3l4.engine.shard.ShardOptions;
import io.marchproxy.l3l4.engine.transport.TransportKind;
import io.marchproxy.l3l4.stages.packet.DescriptorLayout;
import io.marchproxy.l3l4.stages.packet.DescriptorSlab;
import io.marchproxy.l3l4.stages.packet.PacketDescriptor;
import io.marchproxy.l3l4.stages.pipeline.Pipeline;
import io.marchproxy.l3l4.stages.pipeline.PipelineSettings;
import java.lang.foreign.Arena;
import java.time.Duration;
import java.util.List;

/** A pipeline without sockets, of one shard, and the journal of what it is handed. */
final class RecordedPipeline implements AutoCloseable {
    private final Arena arena = Arena.ofShared();
    private final PacketDescriptor event =
            new DescriptorSlab(arena.allocate(DescriptorLayout.SIZE, DescriptorLayout.SIZE)).view(0);
    private final Journals journals;
    private final Pipeline pipeline;

    /**
     * A recording of which the disk takes nothing until the journals are started.
     *
     * @param capacity of the flow table
     * @param told the settings that the journal is told of, which may be a lie
     * @param real those of the pipeline
     */
    RecordedPipeline(Journals journals, int capacity, long seed, PipelineSettings told, PipelineSettings real) {
        this.journals = journals;
        OffHeapFlowTable flows = new OffHeapFlowTable(capacity, seed, arena);
        ShardOptions options = new ShardOptions(0, TransportKind.NIO, false, 4096, capacity, seed, List.of());
        pipeline = new Pipeline(real, flows, new NoOutput(), journals.open(options, told, flows));
    }

    /** Of journals that keep so many bytes. */
    static JournalSettings journal(JournalSettings.Mode mode, long bytes) {
        return new JournalSettings(mode, bytes, Duration.ofDays(1), Duration.ofSeconds(60));
    }

    Pipeline pipeline() {
        return pipeline;
    }

    /** The one descriptor, to be filled and handed to the pipeline. */
    PacketDescriptor event() {
        return event;
    }

    /** For what events point at; lives as long as this. */
    Arena arena() {
        return arena;
    }

    /** Waits until the disk has taken all records but so many bytes. */
    void awaitDisk(long bytes) {
        while (journals.status().getFirst().waitingBytes() > bytes) {
            Thread.onSpinWait();
        }
    }

    @Override
    public void close() {
        journals.close();
        arena.close();
    }
}
