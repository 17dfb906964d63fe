package io.marchproxy.l3l4.engine;

import io.marchproxy.l3l4.config.Version;
import io.marchproxy.l3l4.config.settings.Protocol;
import io.marchproxy.l3l4.config.settings.ProxySettings;
import io.marchproxy.l3l4.engine.explain.Explainer;
import io.marchproxy.l3l4.engine.explain.Explanation;
import io.marchproxy.l3l4.engine.explain.FlowBinding;
import io.marchproxy.l3l4.engine.explain.RouteState;
import io.marchproxy.l3l4.engine.explain.Tuple;
import io.marchproxy.l3l4.engine.journal.JournalException;
import io.marchproxy.l3l4.engine.latency.LatencyLogs;
import io.marchproxy.l3l4.engine.listen.ListenException;
import io.marchproxy.l3l4.engine.listen.ListenerSet;
import io.marchproxy.l3l4.engine.listen.PortGuard;
import io.marchproxy.l3l4.engine.settings.CompiledSettings;
import io.marchproxy.l3l4.engine.settings.CompiledSettings.CompiledService;
import io.marchproxy.l3l4.engine.settings.MemoryNeed;
import io.marchproxy.l3l4.engine.settings.NameResolver;
import io.marchproxy.l3l4.engine.settings.SettingsCompiler;
import io.marchproxy.l3l4.engine.settings.SettingsException;
import io.marchproxy.l3l4.engine.shard.BackendDirectory;
import io.marchproxy.l3l4.engine.shard.DistinctErrors;
import io.marchproxy.l3l4.engine.shard.Listener;
import io.marchproxy.l3l4.engine.shard.ListenerSpec;
import io.marchproxy.l3l4.engine.shard.Shard;
import io.marchproxy.l3l4.engine.state.FlowStateException;
import io.marchproxy.l3l4.engine.status.StatusReport;
import io.marchproxy.l3l4.engine.tcp.TcpRelay;
import io.marchproxy.l3l4.engine.udp.UdpCounter;
import io.marchproxy.l3l4.engine.udp.UdpRelay;
import io.marchproxy.l3l4.stages.pipeline.PipelineSettings;
import java.net.InetSocketAddress;
import java.security.SecureRandom;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.OptionalInt;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import org.HdrHistogram.Histogram;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The machine, wired: shards with their relays, listeners in front, backends behind, and the control plane that watches
 * them. The one place that joins components. Methods may be called from any thread; changes happen one after the other.
 */
public final class ProxyService implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(ProxyService.class);
    private static final long ADDRESS_TURN_MS = 100;
    private static final long NAMES_TURN_MS = 10_000;
    private static final long DRAIN_LOOK_MS = 10;

    private final long startedNs = System.nanoTime();
    private final DistinctErrors errors = new DistinctErrors();
    private final BackendDirectory directory = new BackendDirectory();
    private final ScheduledExecutorService control = Executors.newSingleThreadScheduledExecutor(
            Thread.ofPlatform().daemon().name("control").factory());

    /** A thread of its own: a name server that does not answer costs seconds. */
    private final ScheduledExecutorService lookUps = Executors.newSingleThreadScheduledExecutor(
            Thread.ofPlatform().daemon().name("names").factory());

    private final NameResolver names = new NameResolver();
    private final Placement placement;
    private final long epochOffsetNs;
    private final SettingsCompiler compiler;
    private final Failover failover;
    private final DurableFiles files;
    private final Placement.Built built;
    private final @Nullable LatencyLogs latencyLogs;
    private final Neighbourhood neighbourhood;
    private final BackendAddresses addresses;
    private final List<Shard> shards;
    private final TcpRelay tcp;
    private final UdpRelay udp;
    private final ListenerSet listeners;
    private final Shares shares;
    private final Heartbeats heartbeats;
    private final StatusParts parts;

    private volatile CompiledSettings compiled;
    private volatile boolean ready;
    private volatile boolean draining;
    private final AtomicLong reloads = new AtomicLong();
    private final AtomicLong reloadsRefused = new AtomicLong();
    private volatile boolean closed;

    private ProxyService(ProxySettings settings) throws SettingsException, JournalException, FlowStateException {
        placement = Placement.of(settings.engine());
        epochOffsetNs = TimeUnit.MILLISECONDS.toNanos(System.currentTimeMillis()) - System.nanoTime();
        compiler = new SettingsCompiler(
                names, placement.plan().seats().size(), new SecureRandom().nextLong(), epochOffsetNs);
        compiled = compiler.compile(settings);
        failover = new Failover(System.nanoTime());
        addresses = new BackendAddresses(compiled, directory, failover.health());
        files = DurableFiles.open(settings, compiled, placement.plan().seats().size());
        built = build();
        shards = built.shards();
        latencyLogs = LatencyLogs.open(
                settings.dataDir(),
                settings.latency(),
                shards.stream().map(Shard::latency).toList());
        tcp = new TcpRelay(shards);
        failover.serve(shards, tcp::backendIsOut);
        udp = new UdpRelay(shards);
        neighbourhood = Neighbourhood.of(placement);
        listeners = new ListenerSet(shards, this::listen, this::steer);
        shares = new Shares(shards, epochOffsetNs, settings.dataDir(), control);
        heartbeats = new Heartbeats(shards);
        CloudParts clouds = new CloudParts(shards, epochOffsetNs, shares, startedNs);
        parts = new StatusParts(shards, clouds, tcp, udp, listeners, failover.health(), failover.errors(), startedNs);
    }

    /**
     * Starts the service.
     *
     * @throws StartupException when it can't listen or resolve as configured; nothing is left open then
     */
    public static ProxyService start(ProxySettings settings) throws StartupException {
        List<String> lacking = MemoryNeed.faults(settings.engine());
        if (!lacking.isEmpty()) {
            throw new StartupException(String.join("\n", lacking));
        }
        ProxyService service;
        try {
            service = new ProxyService(settings);
        } catch (SettingsException | JournalException | FlowStateException e) {
            throw new StartupException(String.valueOf(e.getMessage()));
        } catch (RuntimeException | LinkageError e) {
            // Linkage: a class of the system calls did not come up, for want of a descriptor or a native library.
            StartupException told = new StartupException("a shard can't be built here: " + Reason.of(e));
            told.initCause(e);
            throw told;
        }
        try {
            service.open();
        } catch (ListenException e) {
            service.close();
            throw new StartupException(String.valueOf(e.getMessage()));
        } catch (RuntimeException e) {
            service.close();
            throw e;
        }
        return service;
    }

    private Placement.Built build() {
        try {
            Placement.Built shardsWithJournals =
                    placement.build(compiled.pipeline(), directory, failover, errors, files.ofShards());
            files.start();
            return shardsWithJournals;
        } catch (RuntimeException e) {
            files.close();
            throw e;
        }
    }

    private void open() throws ListenException {
        built.refusals().forEach(LOG::warn);
        files.restore(shards, errors);
        ListenerSet.Change change = listeners.prepare(compiled.listeners());
        await(shares.shareOut(compiled));
        addresses.watch();
        listeners.commit(change);
        shares.start(() -> compiled, errors);
        control.scheduleAtFixedRate(
                errors.survived("addresses of backends", () -> addresses.turn(System.nanoTime())),
                ADDRESS_TURN_MS,
                ADDRESS_TURN_MS,
                TimeUnit.MILLISECONDS);
        lookUps.scheduleWithFixedDelay(
                errors.survived("names of backends", () -> addresses.renew(names.again(addresses.named()))),
                NAMES_TURN_MS,
                NAMES_TURN_MS,
                TimeUnit.MILLISECONDS);
        control.scheduleAtFixedRate(heartbeats::ask, 0, Heartbeats.INTERVAL_MS, TimeUnit.MILLISECONDS);
        ready = true;
    }

    /**
     * Puts another configuration into force: all of it or nothing. Live connections and sessions stay.
     *
     * @throws ReloadException when it is refused; the former one is in force still
     */
    public synchronized void reload(ProxySettings settings) throws ReloadException {
        if (draining || closed) {
            throw new ReloadException("the service is shutting down");
        }
        CompiledSettings next;
        ListenerSet.Change change;
        try {
            requireSame(settings);
            next = compiler.prepare(settings);
            change = listeners.prepare(next.listeners());
        } catch (SettingsException | ListenException e) {
            reloadsRefused.incrementAndGet();
            throw new ReloadException(String.valueOf(e.getMessage()));
        }
        // From here on shards may know its numbers.
        compiler.accept();
        files.know(next);
        try {
            addresses.publish(next);
            await(shards.stream().map(shard -> shard.configure(next.pipeline())).toList());
            compiled = next;
            await(shares.shareOut(next));
            addresses.watch();
        } catch (RuntimeException e) {
            change.abandon();
            throw e;
        }
        listeners.commit(change);
        reloads.incrementAndGet();
    }

    /** Counts a reload that was refused before it came to {@link #reload}, since the file has faults. */
    public void reloadRefused() {
        reloadsRefused.incrementAndGet();
    }

    /** Everything that the service tells of itself, each shard's books as of one moment of that shard. */
    public StatusReport status() {
        // Before the settings: a reload that is counted is shown to be in force.
        long reloaded = reloads.get();
        CompiledSettings now = compiled;
        return new StatusReport(
                Version.current(),
                System.nanoTime() - startedNs,
                now.source().hash(),
                reloaded,
                reloadsRefused.get(),
                ready(),
                draining,
                built.transport().label(),
                placement.modeLabel(),
                errors.total(),
                parts.shards(),
                parts.services(now),
                parts.backends(now),
                parts.clouds(now),
                files.journals(),
                latencyLogs == null ? List.of() : latencyLogs.status(),
                files.flowState(shards),
                BooksReport.lines(
                        Answers.join(shards.stream().map(Shard::books).toList()), now.services(), parts.gone(now)),
                parts.queues(),
                PoliceReport.lines(shards, now.pipeline()),
                parts.placement(placement, neighbourhood, built.refusals()));
    }

    /**
     * Has a backend take no new traffic however healthy it is, or take some again; over reloads, until the service ends. In force
     * when it returns, unless a shard is late.
     *
     * @return false when no service of this name has such a backend
     */
    public boolean drain(String service, String backend, boolean wanted) {
        List<Integer> meant = compiled.backends().stream()
                .filter(each -> each.service().settings().name().equals(service))
                .filter(each -> each.target().id().equals(backend))
                .map(each -> each.target().index())
                .toList();
        meant.forEach(index -> failover.health().drain(index, wanted));
        await(List.of(failover.health().done()));
        // What the monitor told a shard stands in its ring before the question for its books.
        await(shards.stream().map(shard -> shard.books().thenAccept(_ -> {})).toList());
        return !meant.isEmpty();
    }

    /**
     * Why a flow would go where it would go, by what a shard knows now.
     *
     * @param service its name, or null for the one that listens at the destination
     * @return null when there is no such service or shard
     */
    public @Nullable Explanation explain(Tuple flow, @Nullable String service, int shard) {
        Explainer explainer = new Explainer(compiled, failover.health()::isDrained);
        CompiledService asked = (service == null
                        ? explainer.serviceOf(flow)
                        : explainer.service(service, flow.protocol()))
                .orElse(null);
        if (asked == null || shard < 0 || shard >= shards.size()) {
            return null;
        }
        RouteState state = new RouteState();
        // A shard that is late would write into it while it is read: then there is no answer.
        Answers.join(List.of(shards.get(shard).inquire(state)));
        return explainer.explain(flow, asked, state, boundTo(flow, asked));
    }

    /** The backend that a flow goes to which is there already, in whichever shard. */
    private OptionalInt boundTo(Tuple flow, CompiledService service) {
        List<FlowBinding> bindings =
                shards.stream().map(each -> new FlowBinding(flow, service)).toList();
        List<CompletableFuture<Void>> asked = new ArrayList<>();
        for (int i = 0; i < bindings.size(); i++) {
            asked.add(shards.get(i).inquire(bindings.get(i)));
        }
        Answers.join(asked);
        return bindings.stream()
                .map(FlowBinding::backend)
                .filter(OptionalInt::isPresent)
                .findFirst()
                .orElse(OptionalInt.empty());
    }

    /** What the UDP relay counts besides the books: how often, by label, all shards together. */
    public Map<String, Long> udpEvents() {
        Map<String, Long> events = new LinkedHashMap<>();
        for (UdpCounter counter : UdpCounter.values()) {
            events.put(counter.label(), udp.count(counter));
        }
        return events;
    }

    /** Whether the process is worth keeping: it is not closed, and every shard's threads have answered lately. */
    public boolean live() {
        return !closed && heartbeats.allAnswered(System.nanoTime());
    }

    /** Whether new traffic is welcome: true once all listeners are open, false while draining. */
    public boolean ready() {
        return ready && !draining;
    }

    /** The service is about to be drained: not ready any more, and a reload that waits for a name server waits no longer. */
    public void announceStop() {
        draining = true;
        names.end();
    }

    /**
     * Not ready any more; stops accepting, waits for TCP connections and for the UDP sessions of services with
     * {@code replies} to end by themselves, and closes the rest at the deadline. Other UDP sessions have no end to wait for:
     * they are served until those are gone.
     */
    public void drain(Duration deadline) throws InterruptedException {
        announceStop();
        synchronized (this) {
            listeners.closeAll();
        }
        long untilNs = System.nanoTime() + deadline.toNanos();
        while (endingByThemselves() > 0 && System.nanoTime() - untilNs < 0) {
            TimeUnit.MILLISECONDS.sleep(DRAIN_LOOK_MS);
        }
        long left = endingByThemselves();
        if (left > 0) {
            LOG.warn(
                    "{} connections or sessions were open still at the end of the drain time-out and are closed", left);
        }
        letGo();
        files.closing();
        tcp.closeAll();
        udp.closeAll();
    }

    /** Has what waits for a rate leave at once: its connections are about to be closed, and its memory freed. */
    private void letGo() {
        PipelineSettings inForce = compiled.pipeline();
        if (inForce.shape().limitsAnything()) {
            PipelineSettings unshaped = inForce.unshaped();
            await(shards.stream().map(shard -> shard.configure(unshaped)).toList());
        }
    }

    /** The addresses that a configured service really listens on. */
    public synchronized List<InetSocketAddress> listening(String service) {
        List<InetSocketAddress> addresses = new ArrayList<>();
        for (CompiledService candidate : compiled.services()) {
            if (candidate.active() && candidate.settings().name().equals(service)) {
                addresses.addAll(listeners.addresses(candidate.id()));
            }
        }
        return addresses;
    }

    /** How long packets stayed in all shards so far, in nanoseconds. */
    public Histogram residence() {
        Histogram sum = shards.getFirst().pipeline().residence();
        shards.stream().skip(1).forEach(shard -> sum.add(shard.pipeline().residence()));
        return sum;
    }

    /** The settings in force. */
    public ProxySettings settings() {
        return compiled.source();
    }

    /** Ends everything at once. Repeated calls do nothing. */
    @Override
    public void close() {
        names.end();
        closeOnce();
    }

    private synchronized void closeOnce() {
        if (closed) {
            return;
        }
        closed = true;
        ready = false;
        listeners.closeAll();
        letGo();
        files.closing();
        tcp.closeAll();
        udp.closeAll();
        shares.close(compiled);
        control.shutdownNow();
        lookUps.shutdownNow();
        failover.close();
        for (Shard shard : shards) {
            try {
                shard.close();
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
            }
        }
        if (latencyLogs != null) {
            latencyLogs.close();
        }
        files.close();
    }

    private void requireSame(ProxySettings settings) throws ReloadException {
        if (!settings.engine().equals(compiled.source().engine())
                || !settings.admin().equals(compiled.source().admin())
                || !settings.dataDir().equals(compiled.source().dataDir())
                || !settings.latency().equals(compiled.source().latency())) {
            reloadsRefused.incrementAndGet();
            throw new ReloadException("engine, admin, data-dir and observability.latency take effect at a start only:"
                    + " put them back, or restart the service");
        }
    }

    /** What lives and has an end: TCP connections, and UDP sessions that so many replies complete. */
    private long endingByThemselves() {
        return compiled.services().stream()
                .mapToLong(service -> {
                    if (service.protocol() == Protocol.TCP.number()) {
                        return tcp.live(service.id());
                    }
                    return service.settings().replies() > 0 ? udp.live(service.id()) : 0;
                })
                .sum();
    }

    private Listener listen(Shard shard, ListenerSpec spec) throws ListenException {
        // Listeners are prepared before their settings are in force, so the protocol is asked of the one that gives
        // numbers.
        Protocol protocol = compiler.protocol(spec.service());
        int port = spec.address().getPort();
        if (shard == shards.getFirst() && !listensAlready(protocol, port)) {
            PortGuard.requireFree(protocol, spec);
        }
        return (protocol == Protocol.TCP ? tcp : udp).open(shard, spec);
    }

    private void steer(ListenerSpec spec, List<Listener> onShards) {
        if (compiler.protocol(spec.service()) == Protocol.TCP) {
            neighbourhood.steering().attach(onShards.getFirst().descriptor());
        }
    }

    private boolean listensAlready(Protocol protocol, int port) {
        return compiled.services().stream()
                .filter(service -> service.protocol() == protocol.number())
                .flatMap(service -> listeners.addresses(service.id()).stream())
                .anyMatch(address -> address.getPort() == port);
    }

    private void await(List<CompletableFuture<Void>> told) {
        Answers.await(told, "a shard is late", errors);
    }
}
