package io.marchproxy.l3l4.engine.health;

import io.marchproxy.l3l4.engine.shard.HealthSignals;
import io.netty.bootstrap.Bootstrap;
import io.netty.channel.Channel;
import io.netty.channel.ChannelException;
import io.netty.channel.ChannelFactory;
import io.netty.channel.ChannelFuture;
import io.netty.channel.ChannelHandler;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.ChannelOption;
import io.netty.channel.EventLoop;
import io.netty.channel.MultiThreadIoEventLoopGroup;
import io.netty.channel.nio.NioIoHandler;
import io.netty.channel.socket.nio.NioSocketChannel;
import io.netty.util.concurrent.DefaultThreadFactory;
import io.netty.util.concurrent.ScheduledFuture;
import java.nio.channels.ClosedChannelException;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Probes backends and listens to live traffic; tells of flips only. One thread of its own for any number of backends;
 * methods may be called from any thread.
 *
 * <p>A probe is a TCP connect that is reset as soon as it stands, so that it leaves no TIME_WAIT behind. First probes are
 * spread over the interval by the backend's number, so that a start does not hit all at once.
 */
public final class HealthMonitor implements HealthSignals, AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(HealthMonitor.class);
    private static final int SPREAD_STEPS = 16;
    private static final int TIMED_OUT = 0;
    private static final long LATE_NS = TimeUnit.MILLISECONDS.toNanos(5);
    private static final Map<Integer, String> BACKENDS_FAULT = Map.of(
            TIMED_OUT,
            "connect timed out",
            111,
            "connection refused",
            110,
            "connection timed out",
            113,
            "no route to host",
            101,
            "network unreachable");

    /** Hears of flips, on the monitor's thread. */
    @FunctionalInterface
    public interface Flips {
        /** A backend became healthy or unhealthy. */
        void flipped(ProbeTarget target, boolean healthy);
    }

    /**
     * A backend's health as shown.
     *
     * @param sinceNs when it last flipped, as {@link System#nanoTime()}
     * @param rttNs of the last successful probe; 0 before the first
     */
    public record Health(boolean healthy, long sinceNs, String lastError, long rttNs) {}

    private final MultiThreadIoEventLoopGroup group =
            new MultiThreadIoEventLoopGroup(1, new DefaultThreadFactory("health", true), NioIoHandler.newFactory());
    private final EventLoop loop = group.next();
    private final Flips flips;
    private final Map<Integer, HealthState> states = new HashMap<>();
    private final Map<Integer, ScheduledFuture<?>> probes = new HashMap<>();
    private final Map<Integer, Health> shown = new ConcurrentHashMap<>();
    private final Bootstrap bootstrap;

    /** Makes a monitor that probes nothing yet. */
    public HealthMonitor(Flips flips) {
        this(flips, NioSocketChannel::new);
    }

    HealthMonitor(Flips flips, ChannelFactory<? extends Channel> sockets) {
        this.flips = flips;
        this.bootstrap = new Bootstrap()
                .group(group)
                .channelFactory(sockets)
                .option(ChannelOption.SO_LINGER, 0)
                .handler(new Silent());
    }

    /** Replaces the set of backends; those that stay keep their health. */
    public void watch(List<ProbeTarget> targets) {
        loop.execute(() -> replace(targets));
    }

    /** A backend's health, or null when it is not watched. */
    public @Nullable Health health(int backend) {
        return shown.get(backend);
    }

    @Override
    public void failed(int backend, int errno) {
        String error = BACKENDS_FAULT.get(errno);
        if (error != null) {
            loop.execute(() -> trafficFailed(backend, error));
        }
    }

    @Override
    public void close() {
        group.shutdownGracefully(0, 1, TimeUnit.SECONDS).awaitUninterruptibly();
    }

    private void replace(List<ProbeTarget> targets) {
        Map<Integer, HealthState> former = new HashMap<>(states);
        probes.values().forEach(probe -> probe.cancel(false));
        probes.clear();
        states.clear();
        shown.keySet().retainAll(targets.stream().map(ProbeTarget::backend).toList());
        for (ProbeTarget target : targets) {
            HealthState state = new HealthState(target, System.nanoTime());
            HealthState known = former.get(target.backend());
            if (known != null) {
                state.inherit(known);
            }
            states.put(target.backend(), state);
            show(state);
            if (target.probed()) {
                // With a delay, not at a rate: a process that was stopped for a minute owes nobody a minute's probes at
                // once.
                long firstNs = target.intervalNs() / SPREAD_STEPS * (target.backend() % SPREAD_STEPS);
                probes.put(
                        target.backend(),
                        loop.scheduleWithFixedDelay(
                                () -> probe(state), firstNs, target.intervalNs(), TimeUnit.NANOSECONDS));
            } else if (!state.healthy()) {
                scheduleReturn(state);
            }
        }
    }

    private void probe(HealthState state) {
        ProbeTarget target = state.target();
        long startNs = System.nanoTime();
        ChannelFuture connect = bootstrap.connect(target.address());
        Channel channel = connect.channel();
        ScheduledFuture<?> timeout = loop.schedule(
                () -> timedOut(connect, startNs + target.timeoutNs()), target.timeoutNs(), TimeUnit.NANOSECONDS);
        connect.addListener(done -> {
            timeout.cancel(false);
            if (done.cause() instanceof ChannelException) {
                // No socket was to be had, as when descriptors run out: that is no backend's fault.
                return;
            }
            long nowNs = System.nanoTime();
            if (done.isSuccess()) {
                channel.close();
                probed(state, state.probeSucceeded(nowNs - startNs, nowNs));
            } else {
                probed(state, state.probeFailed(words(done.cause()), nowNs));
            }
        });
    }

    /** A probe reads nothing; one handler serves all. */
    @ChannelHandler.Sharable
    private static final class Silent extends ChannelInboundHandlerAdapter {
        @Override
        public void exceptionCaught(ChannelHandlerContext context, Throwable cause) {
            context.close();
        }
    }

    /** Ends a probe that takes too long. When it is this loop that was late, the answer may be waiting: it is looked at first. */
    private void timedOut(ChannelFuture connect, long dueNs) {
        if (connect.isDone()) {
            return;
        }
        if (System.nanoTime() - dueNs > LATE_NS) {
            loop.schedule(
                    () -> {
                        if (!connect.isDone()) {
                            connect.channel().close();
                        }
                    },
                    LATE_NS,
                    TimeUnit.NANOSECONDS);
        } else {
            connect.channel().close();
        }
    }

    private static String words(Throwable failure) {
        String message = failure.getMessage();
        if (failure instanceof ClosedChannelException || message == null) {
            return "probe timed out";
        }
        return "probe: " + message.split(":", 2)[0].toLowerCase(Locale.ROOT);
    }

    private void probed(HealthState state, boolean flipped) {
        if (states.get(state.target().backend()) != state) {
            return;
        }
        show(state);
        if (flipped) {
            tell(state);
        }
    }

    private void trafficFailed(int backend, String error) {
        HealthState state = states.get(backend);
        if (state == null) {
            return;
        }
        boolean flipped = state.trafficFailed(error, System.nanoTime());
        if (flipped) {
            show(state);
            tell(state);
            if (!state.target().probed()) {
                scheduleReturn(state);
            }
        }
    }

    private void scheduleReturn(HealthState state) {
        ProbeTarget target = state.target();
        probes.put(
                target.backend(),
                loop.schedule(
                        () -> {
                            if (state.timePassed(System.nanoTime())) {
                                probed(state, true);
                            } else if (!state.healthy()) {
                                scheduleReturn(state);
                            }
                        },
                        target.ejectForNs(),
                        TimeUnit.NANOSECONDS));
    }

    private void show(HealthState state) {
        shown.put(
                state.target().backend(),
                new Health(state.healthy(), state.sinceNs(), state.lastError(), state.rttNs()));
    }

    private void tell(HealthState state) {
        if (state.healthy()) {
            LOG.info("backend {} is healthy", state.target().label());
        } else {
            LOG.warn("backend {} is not healthy: {}", state.target().label(), state.lastError());
        }
        flips.flipped(state.target(), state.healthy());
    }
}
