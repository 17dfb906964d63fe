package io.marchproxy.l3l4.engine.health;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.marchproxy.l3l4.config.settings.HealthSettings.Probe;
import io.marchproxy.l3l4.engine.testing.Ports;
import io.netty.channel.ChannelException;
import io.netty.channel.socket.nio.NioSocketChannel;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.SocketAddress;
import java.net.SocketException;
import java.util.List;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

@Timeout(60)
class HealthMonitorTest {
    private static final int REFUSED = 111;
    private static final int EMFILE = 24;

    private record Flip(int backend, boolean healthy) {}

    private final BlockingQueue<Flip> flips = new LinkedBlockingQueue<>();
    private final HealthMonitor monitor = new HealthMonitor(
            (target, healthy) -> flips.add(new Flip(target.backend(), healthy)), BackendTraffic.NONE, 1);

    @AfterEach
    void close() {
        monitor.close();
    }

    @Test
    void shouldTellWhenABackendDiesAndWhenItReturns() throws Exception {
        ServerSocket backend = new ServerSocket(Ports.free(), 100, InetAddress.getLoopbackAddress());
        InetSocketAddress address = (InetSocketAddress) backend.getLocalSocketAddress();
        monitor.watch(List.of(target(4, address, true)));
        backend.close();
        assertEquals(new Flip(4, false), next());
        assertTrue(
                monitor.health(4).lastError().contains("refused"),
                () -> monitor.health(4).toString());
        try (ServerSocket again = new ServerSocket()) {
            again.setReuseAddress(true);
            again.bind(address, 100);
            assertEquals(new Flip(4, true), next());
            assertTrue(monitor.health(4).rttNs() > 0);
        }
    }

    @Test
    void shouldEjectAtOnceWhenLiveTrafficIsRefusedAndProbesBringItBack() throws Exception {
        try (ServerSocket backend = new ServerSocket(0, 100, InetAddress.getLoopbackAddress())) {
            monitor.watch(List.of(target(1, (InetSocketAddress) backend.getLocalSocketAddress(), true)));
            monitor.failed(1, REFUSED);
            assertEquals(new Flip(1, false), next());
            assertEquals(new Flip(1, true), next());
        }
    }

    @Test
    void shouldBringBackByTimeWhatNothingProbes() throws Exception {
        monitor.watch(List.of(target(2, new InetSocketAddress(InetAddress.getLoopbackAddress(), 1), false)));
        monitor.failed(2, REFUSED);
        assertEquals(new Flip(2, false), next());
        assertEquals(new Flip(2, true), next());
    }

    @Test
    void shouldNotBlameABackendForAnErrorOfThisMachine() throws Exception {
        InetSocketAddress nobody = new InetSocketAddress(InetAddress.getLoopbackAddress(), 1);
        monitor.watch(List.of(target(2, nobody, false), target(3, nobody, false)));
        monitor.failed(2, EMFILE);
        monitor.failed(3, REFUSED);
        assertEquals(new Flip(3, false), next());
        assertTrue(monitor.health(2).healthy());
    }

    @Test
    void shouldNotBlameABackendWhenThereIsNoSocketForAProbe() throws Exception {
        CountDownLatch attempts = new CountDownLatch(10);
        try (HealthMonitor withoutSockets = new HealthMonitor(
                (target, healthy) -> flips.add(new Flip(target.backend(), healthy)), BackendTraffic.NONE, 1, () -> {
                    attempts.countDown();
                    throw new ChannelException("Failed to open a socket.", new IOException("Too many open files"));
                })) {
            withoutSockets.watch(List.of(target(5, new InetSocketAddress(InetAddress.getLoopbackAddress(), 1), true)));
            assertTrue(attempts.await(30, TimeUnit.SECONDS));
        }
        assertNull(flips.poll());
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "Cannot assign requested address",
                "No buffer space available",
                "Permission denied",
                "Too many open files"
            })
    void shouldNotBlameABackendWhenThisMachineCannotConnect(String words) throws Exception {
        CountDownLatch attempts = new CountDownLatch(10);
        try (HealthMonitor withoutPorts = new HealthMonitor(
                (target, healthy) -> flips.add(new Flip(target.backend(), healthy)),
                BackendTraffic.NONE,
                1,
                () -> new NioSocketChannel() {
                    @Override
                    protected boolean doConnect(SocketAddress remote, SocketAddress local) throws SocketException {
                        attempts.countDown();
                        throw new SocketException(words);
                    }
                })) {
            withoutPorts.watch(List.of(target(5, new InetSocketAddress(InetAddress.getLoopbackAddress(), 1), true)));
            assertTrue(attempts.await(30, TimeUnit.SECONDS));
        }
        assertNull(flips.poll());
    }

    @Test
    void shouldForgetABackendThatIsNoLongerWatched() throws Exception {
        monitor.watch(List.of(target(2, new InetSocketAddress(InetAddress.getLoopbackAddress(), 1), false)));
        monitor.failed(2, REFUSED);
        assertEquals(new Flip(2, false), next());
        monitor.watch(List.of(target(3, new InetSocketAddress(InetAddress.getLoopbackAddress(), 1), false)));
        monitor.failed(3, REFUSED);
        assertEquals(new Flip(3, false), next());
        assertNull(monitor.health(2));
    }

    @Test
    void shouldTellThatABackendIsStillDrainedWhenItIsWatchedAgain() throws Exception {
        InetSocketAddress nobody = new InetSocketAddress(InetAddress.getLoopbackAddress(), 1);
        monitor.watch(List.of(target(2, nobody, false)));
        monitor.drain(2, true);
        assertEquals(new Flip(2, false), next());
        monitor.watch(List.of());
        monitor.watch(List.of(target(2, nobody, false)));
        assertEquals(new Flip(2, false), next());
        assertTrue(monitor.health(2).drained());
        monitor.drain(2, false);
        assertEquals(new Flip(2, true), next());
        assertNull(flips.poll(), "nothing is told twice");
    }

    private Flip next() throws InterruptedException {
        Flip flip = flips.poll(30, TimeUnit.SECONDS);
        assertTrue(flip != null, "no flip came");
        return flip;
    }

    private static ProbeTarget target(int backend, InetSocketAddress address, boolean probed) {
        return Targets.of(backend, address, probed ? Probe.TCP : Probe.NONE);
    }
}
