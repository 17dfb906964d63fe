package io.marchproxy.l3l4.engine.shard;

import io.marchproxy.l3l4.engine.flow.OffHeapFlowTable;
import io.marchproxy.l3l4.engine.numa.NodeMemory;
import io.marchproxy.l3l4.engine.sys.AnonymousMemory;
import io.marchproxy.l3l4.engine.transport.BatchingIoHandler;
import io.marchproxy.l3l4.engine.transport.SpinBudget;
import io.marchproxy.l3l4.engine.transport.TransportKind;
import io.marchproxy.l3l4.engine.transport.Transports;
import io.marchproxy.l3l4.stages.packet.DescriptorLayout;
import io.marchproxy.l3l4.stages.packet.DescriptorSlab;
import io.marchproxy.l3l4.stages.packet.Direction;
import io.marchproxy.l3l4.stages.packet.EventKind;
import io.marchproxy.l3l4.stages.packet.PacketDescriptor;
import io.marchproxy.l3l4.stages.pipeline.Inquiry;
import io.marchproxy.l3l4.stages.pipeline.Journal;
import io.marchproxy.l3l4.stages.pipeline.Pipeline;
import io.marchproxy.l3l4.stages.pipeline.PipelineSettings;
import io.marchproxy.l3l4.stages.shape.ShareOf;
import io.netty.channel.EventLoop;
import io.netty.channel.MultiThreadIoEventLoopGroup;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * One pinned thread's world: event loop, ring, pipeline, egress. Nothing in it is shared with another shard but immutable
 * snapshots. Methods may be called from any thread unless they say otherwise; what they tell the shard goes through its ring.
 */
public final class Shard implements ShardContext {
    private static final Logger LOG = LoggerFactory.getLogger(Shard.class);
    private static final long QUIET_SECONDS = 0;
    private static final Duration CLOSE_TIMEOUT = Duration.ofSeconds(10);

    private final ShardOptions options;
    private final DistinctErrors errors;
    private final NodeMemory memory;
    private final MultiThreadIoEventLoopGroup group;
    private final EventLoop loop;
    private final DescriptorRing ring;
    private final IngressRing ingress;
    private final Egress egress;
    private final Pipeline pipeline;
    private final OffHeapFlowTable flows;
    private final ShardLatency latency;
    private final @Nullable Pipelined pipelined;
    private final ShardJournals journals;
    private final Bursts bursts;

    /** Builds a shard that keeps no journal, and starts its threads; it has no listeners yet. */
    public Shard(
            ShardOptions options,
            PipelineSettings settings,
            BackendDirectory backends,
            HealthSignals signals,
            DistinctErrors errors) {
        this(options, settings, backends, signals, errors, ShardJournals.NONE);
    }

    /** Builds a shard and starts its threads; it has no listeners yet. */
    public Shard(
            ShardOptions options,
            PipelineSettings settings,
            BackendDirectory backends,
            HealthSignals signals,
            DistinctErrors errors,
            ShardJournals journals) {
        this.options = options;
        this.errors = errors;
        this.journals = journals;
        bursts = new Bursts(settings.shape());
        memory = new NodeMemory(options.node());
        int services = settings.classify().services().size();
        ring = new DescriptorRing(memory, options.ringSlots());
        ingress = new IngressRing(ring, new Overflow(memory), services);
        egress = new Egress(services, backends, signals, errors);
        flows = AnonymousMemory.at(memory, () -> new OffHeapFlowTable(options.maxFlows(), options.seed(), memory));
        group = eventLoop();
        Journal journal = journals.open(options, settings, flows);
        loop = group.next();
        if (options.pipelined()) {
            DescriptorRing outgoing = new DescriptorRing(memory, options.ringSlots());
            Doorbell egressBell = new Doorbell();
            Pipelined.RingOutput output = new Pipelined.RingOutput(outgoing, egressBell);
            pipeline = new Pipeline(settings, flows, output, journal);
            output.connect(pipeline);
            latency = new ShardLatency(pipeline);
            pipelined = new Pipelined(
                    ring,
                    outgoing,
                    new DescriptorSlab(memory.allocate(DescriptorLayout.SIZE, DescriptorLayout.SIZE)).view(0),
                    egressBell,
                    pipeline,
                    egress,
                    errors,
                    options.spinNs(),
                    latency,
                    PinnedThreads.named(options, "stages", 1),
                    PinnedThreads.named(options, "egress", 2));
            ingress.connect(pipelined);
            pipelined.start();
        } else {
            pipelined = null;
            pipeline = new Pipeline(settings, flows, egress, journal);
            egress.runsWith(pipeline);
            latency = new ShardLatency(pipeline);
            ingress.connect(new RunToCompletion(ring, ingress, pipeline, egress, loop, errors, latency));
        }
    }

    /** One loop; where the kernel has no ring for it, the memory is given back, since nobody will close this shard. */
    private MultiThreadIoEventLoopGroup eventLoop() {
        try {
            return new MultiThreadIoEventLoopGroup(
                    1,
                    PinnedThreads.named(options, "io", 0),
                    BatchingIoHandler.around(
                            Transports.handlers(options.transport()), ingress, new SpinBudget(options.spinNs())));
        } catch (RuntimeException e) {
            memory.close();
            throw e;
        }
    }

    @Override
    public int id() {
        return options.id();
    }

    @Override
    public EventLoop loop() {
        return loop;
    }

    @Override
    public TransportKind transport() {
        return options.transport();
    }

    @Override
    public ShardIngress ingress() {
        return ingress;
    }

    @Override
    public ShardEgress egress() {
        return egress;
    }

    @Override
    public DistinctErrors errors() {
        return errors;
    }

    @Override
    public ShardLatency latency() {
        return latency;
    }

    @Override
    public Bursts bursts() {
        return bursts;
    }

    @Override
    public boolean separateEgress() {
        return options.pipelined();
    }

    /** How the shard was built. */
    public ShardOptions options() {
        return options;
    }

    /** Where whatever serves this shard has its memory: {@link AnonymousMemory#at}. */
    public AnonymousMemory.Home home() {
        return memory;
    }

    /** Whether the shard's memory is bound to its node. */
    public boolean isBoundToNode() {
        return memory.isBound();
    }

    /** What went to and came from each backend. */
    public BackendCounters perBackend() {
        return egress.perBackend();
    }

    /** Flows at present; approximate, since another thread changes it. */
    public int flows() {
        return flows.size();
    }

    /** Ring slots in use; approximate. */
    public long ringUsed() {
        return ring.used();
    }

    /** The pipeline, for what of it may be read by other threads. */
    public Pipeline pipeline() {
        return pipeline;
    }

    /** Has a configuration snapshot take effect, in order with the packets. Completes when it has. */
    public CompletableFuture<Void> configure(PipelineSettings settings) {
        int services = settings.classify().services().size();
        return postAndWait(event -> {
            ingress.books().grow(services);
            bursts.apply(settings.shape());
            event.kind(EventKind.CONFIG);
            event.argument0(settings.version());
            event.endpoint(settings);
        });
    }

    /** Tells the route stage that a backend's health flipped. Completes when it knows. */
    public CompletableFuture<Void> health(int service, int backend, boolean healthy) {
        return postAndWait(event -> {
            event.kind(EventKind.HEALTH);
            event.service(service);
            event.backend(backend);
            event.argument0(healthy ? 1 : 0);
        });
    }

    /**
     * Tells the route stage what a probe found. Completes when it knows.
     *
     * @param pathNs how long the path to it and back took the last probe; 0 when it had no answer
     * @param lossPpm loss over the probe's window, in parts per million
     */
    public CompletableFuture<Void> measured(int service, int backend, long pathNs, long lossPpm) {
        return postAndWait(event -> {
            event.kind(EventKind.MEASURED);
            event.service(service);
            event.backend(backend);
            event.argument0(pathNs);
            event.argument1(lossPpm);
        });
    }

    /** Gives this shard its share of what a backend may have. Completes when it is in force. */
    public CompletableFuture<Void> room(int backend, int flows) {
        return postAndWait(event -> {
            event.kind(EventKind.ROOM);
            event.backend(backend);
            event.argument0(flows);
        });
    }

    /**
     * Tells the shard what of a service's daily budget was spent elsewhere. Completes when it knows.
     *
     * @param day that it was spent on, in days since 1970 (UTC)
     */
    public CompletableFuture<Void> spent(int service, double sum, long day) {
        return postAndWait(event -> {
            event.kind(EventKind.SPENT);
            event.service(service);
            event.argument0(Double.doubleToLongBits(sum));
            event.argument1(day);
        });
    }

    /** Gives this shard its share of a service's session cap. Completes when it is in force. */
    public CompletableFuture<Void> quota(int service, int sessions) {
        return postAndWait(event -> {
            event.kind(EventKind.QUOTA);
            event.service(service);
            event.argument0(sessions);
        });
    }

    /**
     * Gives this shard its share of a rate. Completes when it is in force.
     *
     * @param which class or service; 0 for the link
     * @param share in {@link ShareOf#WHOLE}ths
     */
    public CompletableFuture<Void> share(Direction direction, ShareOf of, int which, int share) {
        return postAndWait(event -> {
            bursts.share(direction, of, which, share);
            event.kind(EventKind.QUOTA);
            event.direction(direction);
            of.writeTo(event, which, share);
        });
    }

    /**
     * Tells the shard of UDP sessions of before this start, before it has traffic: of those from {@code from} to before
     * {@code to}. Completes when it knows them; until then their state has to be there.
     */
    public CompletableFuture<Void> restore(SessionSource sessions, int from, int to) {
        CompletableFuture<Void> reached = new CompletableFuture<>();
        onLoop(() -> {
            for (int i = from; i < to; i++) {
                PacketDescriptor event = ingress.claim();
                event.reset(EventKind.RESTORE, ingress.nowNs());
                sessions.fill(i, event);
                ingress.publish();
            }
            mark(reached);
            ingress.settle();
        });
        return reached;
    }

    /** The shard's books, all as of one point in the order of events; of a shard that is closed, as they were left. */
    public CompletableFuture<ShardBooks> books() {
        CompletableFuture<ShardBooks> answer = new CompletableFuture<>();
        try {
            onLoop(() -> {
                BooksSnapshot snapshot = new BooksSnapshot(ingress.books().copy());
                snapshot.done().thenAccept(answer::complete);
                post(event -> {
                    event.kind(EventKind.SNAPSHOT);
                    event.endpoint(snapshot);
                });
                ingress.settle();
            });
        } catch (RejectedExecutionException e) {
            answer.complete(new ShardBooks(
                    ingress.books().copy(),
                    pipeline.books().copy(),
                    egress.books().copy()));
        }
        return answer;
    }

    /** Ends the shard's threads and frees its memory. All its listeners and connections are closed before. */
    public void close() throws InterruptedException {
        boolean ended = group.shutdownGracefully(QUIET_SECONDS, CLOSE_TIMEOUT.toSeconds(), TimeUnit.SECONDS)
                .await(2 * CLOSE_TIMEOUT.toSeconds(), TimeUnit.SECONDS);
        if (pipelined != null) {
            ended &= pipelined.stop(CLOSE_TIMEOUT);
        }
        if (ended) {
            journals.ended(id());
            memory.close();
        } else {
            LOG.error("shard {}: a thread did not end in time; its memory is left to it", id());
        }
    }

    @Override
    public CompletableFuture<Void> passed() {
        CompletableFuture<Void> reached = new CompletableFuture<>();
        onLoop(() -> {
            mark(reached);
            ingress.settle();
        });
        return reached;
    }

    /** Posts an event, and completes when it has gone through stages and egress. */
    private CompletableFuture<Void> postAndWait(Consumer<PacketDescriptor> filler) {
        CompletableFuture<Void> reached = new CompletableFuture<>();
        onLoop(() -> {
            post(filler);
            mark(reached);
            ingress.settle();
        });
        return reached;
    }

    private void mark(CompletableFuture<Void> reached) {
        post(event -> {
            event.kind(EventKind.SNAPSHOT);
            event.endpoint(reached);
        });
    }

    /** Has somebody look at the pipeline, in line with the packets. Completes when they have. */
    public CompletableFuture<Void> inquire(Inquiry inquiry) {
        CompletableFuture<Void> done = new CompletableFuture<>();
        onLoop(() -> {
            post(event -> {
                event.kind(EventKind.SNAPSHOT);
                event.endpoint((Inquiry) pipeline -> {
                    inquiry.look(pipeline);
                    done.complete(null);
                });
            });
            ingress.settle();
        });
        return done;
    }

    private void post(Consumer<PacketDescriptor> filler) {
        PacketDescriptor event = ingress.claim();
        event.reset(EventKind.TICK, ingress.nowNs());
        filler.accept(event);
        ingress.publish();
    }

    private void onLoop(Runnable task) {
        if (loop.inEventLoop()) {
            task.run();
        } else {
            loop.execute(task);
        }
    }
}
