package io.marchproxy.l3l4.engine.shard;

import io.marchproxy.l3l4.stages.flow.FlowEnd;
import io.marchproxy.l3l4.stages.packet.DescriptorFlags;
import io.marchproxy.l3l4.stages.packet.PacketDescriptor;
import io.marchproxy.l3l4.stages.packet.SingleWriter;
import io.marchproxy.l3l4.stages.pipeline.DropReason;
import io.marchproxy.l3l4.stages.pipeline.Pipeline;
import io.marchproxy.l3l4.stages.pipeline.PipelineOutput;
import io.marchproxy.l3l4.stages.pipeline.TrafficBooks;
import java.util.ArrayDeque;
import java.util.Arrays;
import java.util.concurrent.CompletableFuture;
import org.jspecify.annotations.Nullable;

/** The way out: hands what the stages decided to the connection or session that it concerns. Egress thread. */
final class Egress extends SingleWriter implements PipelineOutput, ShardEgress {
    private static final int FIRST_SLOTS = 1024;

    private final TrafficBooks books;
    private final BackendDirectory backends;
    private final HealthSignals signals;
    private final DistinctErrors errors;
    private final BackendCounters perBackend = new BackendCounters();
    private final ArrayDeque<BatchedEgress> dirty = new ArrayDeque<>();
    private @Nullable Endpoint[] endpoints = new @Nullable Endpoint[FIRST_SLOTS];
    private long[] refs = new long[FIRST_SLOTS];
    private @Nullable Pipeline sameThread;

    Egress(int services, BackendDirectory backends, HealthSignals signals, DistinctErrors errors) {
        this.books = new TrafficBooks(services);
        this.backends = backends;
        this.signals = signals;
        this.errors = errors;
    }

    /** In run-to-completion: the pipeline whose books a snapshot copies here, since there is no ring in between to do it at. */
    void runsWith(Pipeline pipeline) {
        sameThread = pipeline;
    }

    @Override
    public void forward(PacketDescriptor packet) {
        Object endpoint = packet.endpoint();
        if (endpoint instanceof Endpoint target) {
            count(packet);
            target.forward(packet);
        } else if (endpoint instanceof BooksSnapshot snapshot) {
            Pipeline pipeline = sameThread;
            if (pipeline != null) {
                snapshot.pipeline(pipeline.books().copy());
            }
            snapshot.egress(books.copy());
        } else if (endpoint instanceof CompletableFuture<?> reached) {
            reached.complete(null);
        }
        packet.endpoint(null);
    }

    private void count(PacketDescriptor packet) {
        int backend = packet.backend();
        if (backend == PacketDescriptor.NO_BACKEND) {
            return;
        }
        switch (packet.kind()) {
            case OPEN, CONNECT_FAILED -> perBackend.selected(backend);
            case DATA -> {
                if ((packet.flags() & (DescriptorFlags.NEW_FLOW | DescriptorFlags.REROUTED)) != 0) {
                    perBackend.selected(backend);
                }
                perBackend.bytes(backend, packet.direction(), packet.lengthBytes());
            }
            default -> {
                // neither a choice of a backend nor bytes
            }
        }
    }

    @Override
    public void drop(PacketDescriptor packet, DropReason reason) {
        if (packet.endpoint() instanceof Endpoint target) {
            target.drop(packet, reason);
        }
        packet.endpoint(null);
    }

    @Override
    public void flowEnded(long flowRef, FlowEnd reason) {
        int slot = (int) flowRef;
        Endpoint endpoint = slot < endpoints.length && refs[slot] == flowRef ? endpoints[slot] : null;
        if (endpoint != null) {
            endpoints[slot] = null;
            endpoint.flowEnded(flowRef, reason);
        }
    }

    @Override
    public TrafficBooks books() {
        return books;
    }

    @Override
    public void dirty(BatchedEgress sender) {
        dirty.add(sender);
    }

    @Override
    public void bind(long flowRef, Endpoint endpoint) {
        int slot = (int) flowRef;
        if (slot >= endpoints.length) {
            int wanted = Math.max(slot + 1, endpoints.length * 2);
            endpoints = Arrays.copyOf(endpoints, wanted);
            refs = Arrays.copyOf(refs, wanted);
        }
        endpoints[slot] = endpoint;
        refs[slot] = flowRef;
    }

    @Override
    public void unbind(long flowRef) {
        int slot = (int) flowRef;
        if (slot >= 0 && slot < endpoints.length && refs[slot] == flowRef) {
            endpoints[slot] = null;
        }
    }

    @Override
    public @Nullable BackendTarget backend(int index) {
        return backends.get(index);
    }

    @Override
    public void asked(int backend) {
        perBackend.asked(backend);
    }

    @Override
    public void answered(int backend, long waitNs) {
        perBackend.answered(backend, waitNs);
    }

    @Override
    public void signal(int backend, int errno) {
        signals.failed(backend, errno);
    }

    BackendCounters perBackend() {
        return perBackend;
    }

    /** Sends what the batch gathered. True when there was anything. */
    boolean flush() {
        boolean worked = false;
        for (BatchedEgress sender = dirty.poll(); sender != null; sender = dirty.poll()) {
            worked = true;
            try {
                sender.flush();
            } catch (RuntimeException | Error e) {
                errors.record("egress flush", e);
            }
        }
        return worked;
    }
}
