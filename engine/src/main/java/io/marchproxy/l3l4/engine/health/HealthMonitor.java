package io.marchproxy.l3l4.engine.health;

import io.marchproxy.l3l4.config.settings.HealthSettings;
import io.marchproxy.l3l4.config.settings.ProxySettings;
import io.marchproxy.l3l4.engine.shard.HealthSignals;
import io.marchproxy.l3l4.engine.sys.Errno;
import io.netty.channel.Channel;
import io.netty.channel.ChannelFactory;
import io.netty.channel.EventLoop;
import io.netty.channel.MultiThreadIoEventLoopGroup;
import io.netty.channel.nio.NioIoHandler;
import io.netty.channel.socket.nio.NioSocketChannel;
import io.netty.util.concurrent.DefaultThreadFactory;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.SplittableRandom;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Probes backends and watches live traffic; tells of flips, and of what probes measured. One thread of its own for any number
 * of backends (and one for each address family that is probed by ICMP); methods may be called from any thread.
 *
 * <p>First probes are spread over the interval, a second at the most, by a seeded choice for each backend's number, so that a
 * start does not hit all at once. What traffic can be told by takes a backend out at once, except the last usable one of its
 * service when it is resets or silence: these may be the clients' doing, or this machine's.
 */
public final class HealthMonitor implements HealthSignals, AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(HealthMonitor.class);
    private static final long LARGEST_SPREAD_NS = TimeUnit.SECONDS.toNanos(1);
    private static final long LEAST_BETWEEN_MEASURES_NS = TimeUnit.MILLISECONDS.toNanos(100);
    static final long TURN_NS = TimeUnit.MILLISECONDS.toNanos(50);

    /** Hears of backends, on the monitor's thread. */
    @FunctionalInterface
    public interface Listener {
        /** A backend became fit for new traffic, or unfit. */
        void flipped(ProbeTarget target, boolean usable);

        /**
         * A probe is over.
         *
         * @param pathNs what can be compared with a client's connect: of a probe by TCP the connect, however long the answer took;
         *     else the round trip; 0 when it had no answer
         * @param loss part of the window's probes that had none, 0 to 1
         */
        default void measured(ProbeTarget target, long pathNs, double loss) {}
    }

    /**
     * A backend's health as shown.
     *
     * @param healthy whether new traffic may go there
     * @param drained whether it takes no new traffic by command
     * @param state {@code healthy}, {@code drained}, or why it is out, as {@link Ejection#label()}
     * @param sinceNs when it last flipped, as {@link System#nanoTime()}
     * @param rttNs of the last successful probe; 0 before the first
     * @param smoothedRttNs moving average of round trips (RFC 6298)
     * @param jitterNs moving average of their differences (RFC 3550)
     * @param loss part of the window's probes that failed, 0 to 1
     * @param heldUntilNs until when it stays out in any case, as {@link System#nanoTime()}; 0 when it is not out
     * @param ejections how often it was taken out, by reason
     */
    public record Health(
            boolean healthy,
            boolean drained,
            String state,
            long sinceNs,
            String lastError,
            long rttNs,
            long smoothedRttNs,
            long jitterNs,
            double loss,
            long probes,
            long probesFailed,
            long heldUntilNs,
            Map<Ejection, Long> ejections) {}

    private final MultiThreadIoEventLoopGroup group =
            new MultiThreadIoEventLoopGroup(1, new DefaultThreadFactory("health", true), NioIoHandler.newFactory());
    private final EventLoop loop = group.next();
    private final Listener listener;
    private final BackendTraffic traffic;
    private final long seed;
    private final Prober streams;
    private final Prober datagrams;
    private final Prober pings;
    private final Map<Integer, WatchedBackend> watched = new HashMap<>();
    private final Map<Integer, SilenceWatch.Usual> usual = new HashMap<>();
    private final Set<Integer> drained = new HashSet<>();
    private final Set<String> told = new HashSet<>();
    private final Map<Integer, Health> shown = new ConcurrentHashMap<>();
    private long lastTurnNs;

    /** Of the backends' numbers, which follow one another: a higher one is new. */
    private int highestWatched = -1;

    /**
     * Makes a monitor that watches nothing yet.
     *
     * @param seed of the spread of first probes
     */
    public HealthMonitor(Listener listener, BackendTraffic traffic, long seed) {
        this(listener, traffic, seed, NioSocketChannel::new);
    }

    HealthMonitor(Listener listener, BackendTraffic traffic, long seed, ChannelFactory<? extends Channel> sockets) {
        this.listener = listener;
        this.traffic = traffic;
        this.seed = seed;
        this.streams = new StreamProber(loop, sockets);
        this.datagrams = new DatagramProber(loop);
        this.pings = new PingProber(loop);
        this.lastTurnNs = System.nanoTime();
        loop.scheduleWithFixedDelay(this::turn, TURN_NS, TURN_NS, TimeUnit.NANOSECONDS);
    }

    /** What settings ask for in the way of probes that this process can't do on this machine, in words for the user. */
    public static List<String> refusals(ProxySettings settings) {
        boolean pings = settings.services().stream()
                .anyMatch(service -> service.health().protocol() == HealthSettings.Probe.ICMP);
        String refusal = pings ? PingProber.refusal() : "";
        return refusal.isEmpty() ? List.of() : List.of("services[].health.protocol: icmp: " + refusal);
    }

    /** Replaces the set of backends; those that stay keep their health. */
    public void watch(List<ProbeTarget> targets) {
        loop.execute(() -> replace(targets));
    }

    /** A backend's health, or null when it is not watched. */
    public @Nullable Health health(int backend) {
        return shown.get(backend);
    }

    /** Whether a backend takes no new traffic by command. */
    public boolean isDrained(int backend) {
        Health health = shown.get(backend);
        return health != null && health.drained();
    }

    /** Has a backend take no new traffic however healthy it is, or take some again. It stays so over changes of what is watched. */
    public void drain(int backend, boolean wanted) {
        loop.execute(() -> {
            if (wanted ? drained.add(backend) : drained.remove(backend)) {
                WatchedBackend one = watched.get(backend);
                if (one != null) {
                    change(one, () -> one.state().drain(wanted));
                }
            }
        });
    }

    /** Completes when what was asked of it before is done, and whoever listens was told. */
    public CompletableFuture<Void> done() {
        return CompletableFuture.runAsync(() -> {}, loop);
    }

    @Override
    public void failed(int backend, int errno) {
        switch (errno) {
            case 0 -> tell(backend, Ejection.CONNECT_TIMEOUT, "connect timed out");
            case Errno.ETIMEDOUT -> tell(backend, Ejection.CONNECT_TIMEOUT, "connection timed out");
            case Errno.ECONNREFUSED -> tell(backend, Ejection.REFUSED, "connection refused");
            case Errno.EHOSTUNREACH -> tell(backend, Ejection.UNREACHABLE, "no route to host");
            case Errno.ENETUNREACH -> tell(backend, Ejection.UNREACHABLE, "network unreachable");
            case Errno.ECONNRESET -> tell(backend, Ejection.RESET, "connections are reset before they are answered");
            default -> {
                // An error of this machine.
            }
        }
    }

    private void tell(int backend, Ejection reason, String error) {
        loop.execute(() -> trafficFailed(backend, reason, error));
    }

    @Override
    public void close() {
        loop.execute(() -> {
            watched.values().forEach(WatchedBackend::stop);
            pings.close();
        });
        group.shutdownGracefully(0, 1, TimeUnit.SECONDS).awaitUninterruptibly();
    }

    // Monitor's thread.

    private void replace(List<ProbeTarget> targets) {
        Map<Integer, WatchedBackend> former = new HashMap<>(watched);
        watched.clear();
        List<WatchedBackend> unusable = new ArrayList<>();
        for (ProbeTarget target : targets) {
            WatchedBackend known = former.get(target.backend());
            if (known != null && known.target().equals(target)) {
                watched.put(target.backend(), known);
                former.remove(target.backend());
            } else {
                WatchedBackend one = watched(target, known);
                watched.put(target.backend(), one);
                if (known == null && !one.state().usable()) {
                    unusable.add(one);
                }
            }
        }
        former.values().forEach(one -> {
            one.stop();
            one.silence().stop();
        });
        shown.keySet().retainAll(watched.keySet());
        Set<Integer> services = new HashSet<>();
        targets.forEach(target -> services.add(target.service()));
        usual.keySet().retainAll(services);
        watched.values().forEach(this::show);
        // Whoever listens takes a new backend for usable, and has forgotten what it knew of one that was away.
        unusable.forEach(one -> tell(one.state()));
    }

    private WatchedBackend watched(ProbeTarget target, @Nullable WatchedBackend known) {
        HealthState state = new HealthState(target, System.nanoTime());
        state.drain(drained.contains(target.backend()));
        if (known != null) {
            state.inherit(known.state());
        }
        SilenceWatch silence = new SilenceWatch(
                target.backend(),
                target.datagrams(),
                traffic,
                usual.computeIfAbsent(target.service(), key -> new SilenceWatch.Usual()));
        if (target.backend() > highestWatched) {
            highestWatched = target.backend();
            silence.fromTheStart();
        }
        WatchedBackend one = new WatchedBackend(state, silence, new ResetWatch(target.backend(), traffic));
        if (target.probed()) {
            long spreadNs = Math.min(target.intervalNs(), LARGEST_SPREAD_NS);
            long firstNs = new SplittableRandom(seed ^ (target.backend() * 0x9e3779b97f4a7c15L)).nextLong(spreadNs);
            // With a delay, not at a rate: a process that was stopped for a minute owes nobody a minute's probes at
            // once.
            one.runs(loop.scheduleWithFixedDelay(() -> probe(one), firstNs, target.intervalNs(), TimeUnit.NANOSECONDS));
        } else if (!state.healthy()) {
            scheduleReturn(one);
        }
        return one;
    }

    private void probe(WatchedBackend one) {
        Prober prober = prober(one.target().settings().protocol());
        ProbeRun.End end = new ProbeRun.End() {
            @Override
            public void answered(long rttNs, long pathNs) {
                change(one, () -> one.state().probeSucceeded(rttNs, System.nanoTime()));
                measured(one, pathNs);
            }

            @Override
            public void failed(String why) {
                change(one, () -> one.state().probeFailed(why, System.nanoTime()));
                measured(one, 0);
            }

            @Override
            public void notAsked(String why) {
                if (told.add(why)) {
                    LOG.warn("backends can't be probed, and count as healthy while their traffic is: {}", why);
                }
            }
        };
        prober.begin(new ProbeRun(loop, one.target(), end));
    }

    private Prober prober(HealthSettings.Probe protocol) {
        return switch (protocol) {
            case UDP -> datagrams;
            case ICMP -> pings;
            default -> streams;
        };
    }

    private void measured(WatchedBackend one, long pathNs) {
        long nowNs = System.nanoTime();
        if (watched.get(one.target().backend()) == one && one.mayMeasure(nowNs, LEAST_BETWEEN_MEASURES_NS)) {
            listener.measured(one.target(), pathNs, one.state().window().loss());
        }
    }

    private void trafficFailed(int backend, Ejection reason, String error) {
        WatchedBackend one = watched.get(backend);
        if (one == null) {
            return;
        }
        if (reason == Ejection.RESET && !(one.resets().reset() && one.silence().answersAsARule() && another(one))) {
            return;
        }
        change(one, () -> one.state().trafficFailed(reason, error, System.nanoTime()));
    }

    /** Whether the service has another backend that may be used, and that is not silent itself. */
    private boolean another(WatchedBackend one) {
        return watched.values().stream()
                .anyMatch(other -> other != one
                        && other.target().service() == one.target().service()
                        && other.state().usable()
                        && !other.silence().isSilent());
    }

    /** Looks at what every backend has been asked and has answered. */
    private void turn() {
        long nowNs = System.nanoTime();
        long elapsedNs = Math.min(nowNs - lastTurnNs, 2 * TURN_NS);
        lastTurnNs = nowNs;
        usual.values().forEach(each -> each.age(elapsedNs));
        List<WatchedBackend> tooSilent = new ArrayList<>();
        for (WatchedBackend one : watched.values()) {
            long limitNs = one.target().settings().silence().toNanos();
            one.resets().turn();
            if (!one.state().healthy()) {
                one.resets().restart();
                one.silence().restart();
            } else if (one.silence().turn(elapsedNs, limitNs) && limitNs > 0) {
                tooSilent.add(one);
            }
        }
        for (WatchedBackend one : tooSilent) {
            if (another(one)) {
                String error = "no answer to traffic for " + one.silence().silentNs() / 1_000_000 + " ms";
                change(one, () -> one.state().trafficFailed(Ejection.SILENT, error, nowNs));
            }
        }
    }

    /** Does what may flip a backend, and tells of it when it did. */
    private void change(WatchedBackend one, Flip flip) {
        if (watched.get(one.target().backend()) != one) {
            return;
        }
        boolean usedBefore = one.state().usable();
        boolean flipped = flip.happened();
        show(one);
        if (flipped && !one.state().healthy() && !one.target().probed()) {
            scheduleReturn(one);
        }
        if (one.state().usable() != usedBefore) {
            tell(one.state());
        }
    }

    /** What may flip a backend. */
    @FunctionalInterface
    private interface Flip {
        boolean happened();
    }

    private void scheduleReturn(WatchedBackend one) {
        long waitNs = Math.max(1, one.state().heldUntilNs() - System.nanoTime());
        one.runs(loop.schedule(
                () -> {
                    change(one, () -> one.state().timePassed(System.nanoTime()));
                    if (!one.state().healthy() && watched.get(one.target().backend()) == one) {
                        scheduleReturn(one);
                    }
                },
                waitNs,
                TimeUnit.NANOSECONDS));
    }

    private void show(WatchedBackend one) {
        shown.put(one.target().backend(), one.state().shown());
    }

    private void tell(HealthState state) {
        if (state.usable()) {
            LOG.info("backend {} is healthy", state.target().label());
        } else if (state.drained()) {
            LOG.info(
                    "backend {} is drained: it takes no new traffic",
                    state.target().label());
        } else {
            LOG.warn("backend {} is not healthy: {}", state.target().label(), state.lastError());
        }
        listener.flipped(state.target(), state.usable());
    }
}
