package io.marchproxy.l3l4.engine.udp;

import io.marchproxy.l3l4.engine.shard.BackendTarget;
import io.marchproxy.l3l4.engine.shard.BatchedEgress;
import io.marchproxy.l3l4.engine.shard.Bursts;
import io.marchproxy.l3l4.engine.shard.DistinctErrors;
import io.marchproxy.l3l4.engine.shard.Endpoint;
import io.marchproxy.l3l4.engine.shard.ShardContext;
import io.marchproxy.l3l4.engine.shard.ShardEgress;
import io.marchproxy.l3l4.engine.shard.ShardIngress;
import io.marchproxy.l3l4.engine.shard.ShardLatency;
import io.marchproxy.l3l4.engine.transport.TransportKind;
import io.marchproxy.l3l4.engine.transport.Transports;
import io.marchproxy.l3l4.stages.packet.DescriptorLayout;
import io.marchproxy.l3l4.stages.packet.DescriptorSlab;
import io.marchproxy.l3l4.stages.packet.EventKind;
import io.marchproxy.l3l4.stages.packet.PacketDescriptor;
import io.marchproxy.l3l4.stages.pipeline.TrafficBooks;
import io.netty.channel.EventLoop;
import io.netty.channel.MultiThreadIoEventLoopGroup;
import java.lang.foreign.Arena;
import java.net.InetSocketAddress;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Queue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/** A shard whose stages never run: what comes in stays in a ring of a few slots. */
final class StuckShard implements ShardContext, ShardIngress, ShardEgress, AutoCloseable {
    private final TransportKind transport;
    private final MultiThreadIoEventLoopGroup group;
    private final EventLoop loop;
    private final DescriptorSlab slab;
    private final TrafficBooks books = new TrafficBooks(1);
    private final DistinctErrors errors = new DistinctErrors();
    private final List<PacketDescriptor> taken = new ArrayList<>();
    private final Map<Integer, BackendTarget> backends = new ConcurrentHashMap<>();
    private final Queue<UdpRig.Signal> signals = new ConcurrentLinkedQueue<>();
    private final int slots;
    private CompletableFuture<Void> toEnd = CompletableFuture.completedFuture(null);

    StuckShard(TransportKind transport, int slots) {
        this.transport = transport;
        this.slots = slots;
        slab = new DescriptorSlab(
                Arena.ofAuto().allocate((long) (slots + 1) * DescriptorLayout.SIZE, DescriptorLayout.SIZE));
        group = new MultiThreadIoEventLoopGroup(1, Transports.handlers(transport));
        loop = group.next();
    }

    /** Descriptors that came in so far. Loop's thread, or when it is quiet. */
    List<PacketDescriptor> taken() {
        return taken;
    }

    /** Has a backend be at an address. */
    void place(int backend, InetSocketAddress address) {
        backends.put(backend, new BackendTarget(backend, 0, "b" + backend, address));
    }

    /** Errors that were told of backends. */
    Queue<UdpRig.Signal> signals() {
        return signals;
    }

    @Override
    public int id() {
        return 0;
    }

    @Override
    public EventLoop loop() {
        return loop;
    }

    @Override
    public TransportKind transport() {
        return transport;
    }

    @Override
    public ShardIngress ingress() {
        return this;
    }

    @Override
    public ShardEgress egress() {
        return this;
    }

    @Override
    public DistinctErrors errors() {
        return errors;
    }

    @Override
    public ShardLatency latency() {
        throw new UnsupportedOperationException("no packet passes a stuck shard");
    }

    @Override
    public Bursts bursts() {
        throw new UnsupportedOperationException("no stream passes a stuck shard");
    }

    @Override
    public CompletableFuture<Void> passed() {
        return new CompletableFuture<>();
    }

    @Override
    public boolean separateEgress() {
        return false;
    }

    @Override
    public long nowNs() {
        return 0;
    }

    @Override
    public @Nullable PacketDescriptor tryClaim() {
        return taken.size() == slots ? null : claimed(taken.size());
    }

    @Override
    public PacketDescriptor claim() {
        return claimed(slots);
    }

    private PacketDescriptor claimed(int slot) {
        PacketDescriptor packet = slab.view(slot);
        taken.add(packet);
        return packet;
    }

    /** What the relay publishes to end itself goes straight to its endpoint, unless it is to wait. */
    @Override
    public void publish() {
        PacketDescriptor last = taken.getLast();
        if (last.kind() == EventKind.SNAPSHOT && last.endpoint() instanceof Endpoint endpoint) {
            toEnd.thenRun(() -> endpoint.forward(last));
        }
    }

    /** Has the relay's end wait, as behind a busy egress thread, until what is returned is completed. Before the relay closes. */
    CompletableFuture<Void> delayEnd() {
        toEnd = new CompletableFuture<>();
        return toEnd;
    }

    @Override
    public void publishBulk() {
        publish();
    }

    @Override
    public void rest() {}

    @Override
    public void nextTurn(Runnable action) {
        throw new IllegalStateException("a stuck shard has no next turn");
    }

    @Override
    public void settle() {}

    @Override
    public void relieve() {}

    @Override
    public TrafficBooks books() {
        return books;
    }

    @Override
    public void dirty(BatchedEgress sender) {}

    @Override
    public void bind(long flowRef, Endpoint endpoint) {}

    @Override
    public void unbind(long flowRef) {}

    @Override
    public @Nullable BackendTarget backend(int index) {
        return backends.get(index);
    }

    @Override
    public void asked(int backend) {}

    @Override
    public void answered(int backend, long waitNs) {}

    @Override
    public void signal(int backend, int errno) {
        signals.add(new UdpRig.Signal(backend, errno));
    }

    @Override
    public void close() {
        group.shutdownGracefully(0, 5, TimeUnit.SECONDS).syncUninterruptibly();
    }
}
