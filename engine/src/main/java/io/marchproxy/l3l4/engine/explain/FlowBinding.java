package io.marchproxy.l3l4.engine.explain;

import io.marchproxy.l3l4.engine.settings.CompiledSettings.CompiledService;
import io.marchproxy.l3l4.stages.packet.DescriptorLayout;
import io.marchproxy.l3l4.stages.packet.PacketDescriptor;
import io.marchproxy.l3l4.stages.pipeline.Inquiry;
import io.marchproxy.l3l4.stages.pipeline.Pipeline;
import java.lang.foreign.Arena;
import java.util.OptionalInt;

/** Which backend a flow that is there already goes to, as of one moment in the order of a shard's events. */
public final class FlowBinding implements Inquiry {
    private final Tuple flow;
    private final CompiledService service;
    private OptionalInt backend = OptionalInt.empty();

    /** Asks about a flow of a service. */
    public FlowBinding(Tuple flow, CompiledService service) {
        this.flow = flow;
        this.service = service;
    }

    @Override
    public void look(Pipeline pipeline) {
        try (Arena arena = Arena.ofConfined()) {
            PacketDescriptor packet = new PacketDescriptor(
                    arena.allocate(DescriptorLayout.SIZE, DescriptorLayout.SIZE).address());
            Explainer.describe(flow, service, packet, pipeline.nowNs());
            backend = pipeline.backendOf(packet);
        }
    }

    /** The backend's number; empty when the shard has no such flow, or has no backend for it yet. To be asked after the shard has looked. */
    public OptionalInt backend() {
        return backend.isPresent() && backend.getAsInt() == PacketDescriptor.NO_BACKEND ? OptionalInt.empty() : backend;
    }
}
