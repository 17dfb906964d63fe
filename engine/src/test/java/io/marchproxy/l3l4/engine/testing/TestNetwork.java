package io.marchproxy.l3l4.engine.testing;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.Stream;

/**
 * A network namespace of one test: loopback up, both address families, congestion control reno because the host's bbr
 * distorts loopback. Closing kills what runs in it and removes it; namespaces that a killed test run left are removed at
 * the next start.
 */
public final class TestNetwork implements AutoCloseable {

    private static final Path NAMESPACES = Path.of("/run/netns");
    private static final String PREFIX = "pl34-";
    private static final AtomicInteger COUNTER = new AtomicInteger();

    private final String name;
    private final ExecutorService inside;

    private TestNetwork(String name) {
        this.name = name;
        inside = Executors.newSingleThreadExecutor(
                task -> Thread.ofPlatform().daemon().name("in-" + name).unstarted(() -> {
                    NamespaceEntry.enter(NAMESPACES.resolve(name));
                    task.run();
                }));
    }

    /** Makes a namespace with a loopback device. */
    public static TestNetwork create() {
        removeLeftovers();
        TestNetwork network = new TestNetwork(freshName());
        ip("netns", "add", network.name);
        try {
            network.ipInside("link", "set", "lo", "up");
            network.sysctl("net.ipv4.tcp_congestion_control", "reno");
            network.sysctl("net.ipv6.conf.all.accept_dad", "0");
            network.sysctl("net.ipv6.conf.default.accept_dad", "0");
        } catch (RuntimeException | Error e) {
            network.close();
            throw e;
        }
        return network;
    }

    /** Joins this namespace's device to another's by a veth pair. */
    public TestNetwork veth(String device, TestNetwork peer, String peerDevice) {
        ipInside("link", "add", device, "type", "veth", "peer", "name", peerDevice, "netns", peer.name);
        return this;
    }

    /** Gives a device its addresses (each with its prefix length) and sets it up. */
    public TestNetwork configure(String device, String... addresses) {
        for (String address : addresses) {
            List<String> arguments = new ArrayList<>(List.of("address", "add", address, "dev", device));
            if (address.contains(":")) {
                // Without it an address is unusable until nobody has claimed it for a second.
                arguments.add("nodad");
            }
            ipInside(arguments.toArray(String[]::new));
        }
        ipInside("link", "set", device, "up");
        return this;
    }

    /** Runs {@code ip} inside. */
    public void ipInside(String... arguments) {
        List<String> all = new ArrayList<>(List.of("-netns", name));
        all.addAll(List.of(arguments));
        ip(all.toArray(String[]::new));
    }

    public void sysctl(String key, String value) {
        RealProgram.of("sysctl", "-qw", key + "=" + value).in(this).runOrFail();
    }

    public String name() {
        return name;
    }

    /** Runs on a thread that lives in the namespace: sockets opened there belong to it and may be used by any thread. */
    public <T> T inside(Callable<T> task) throws Exception {
        try {
            return inside.submit(task).get();
        } catch (ExecutionException e) {
            if (e.getCause() instanceof Exception cause) {
                throw cause;
            }
            throw e;
        }
    }

    /** A TCP connection made inside. */
    public Socket connect(String address, int port) throws Exception {
        return inside(() -> {
            Socket client = new Socket();
            client.setSoTimeout(20_000);
            client.connect(new InetSocketAddress(address, port), 5_000);
            return client;
        });
    }

    @Override
    public void close() {
        inside.shutdownNow();
        killAllIn(name);
        ip("netns", "del", name);
    }

    /** A killed run whose process number has come round again may have left some of this process's names. */
    static String freshName() {
        String name;
        do {
            name = PREFIX + ProcessHandle.current().pid() + "-" + COUNTER.incrementAndGet();
        } while (Files.exists(NAMESPACES.resolve(name)));
        return name;
    }

    private static void killAllIn(String namespace) {
        String pids = RealProgram.of("ip", "netns", "pids", namespace).run().out();
        pids.lines()
                .map(Long::parseLong)
                .filter(pid -> pid != ProcessHandle.current().pid())
                .flatMap(pid -> ProcessHandle.of(pid).stream())
                .forEach(ProcessHandle::destroyForcibly);
    }

    private static void removeLeftovers() {
        if (!Files.isDirectory(NAMESPACES)) {
            return;
        }
        try (Stream<Path> entries = Files.list(NAMESPACES)) {
            entries.map(entry -> entry.getFileName().toString())
                    .filter(entry -> entry.startsWith(PREFIX))
                    .filter(entry -> ProcessHandle.of(Long.parseLong(entry.split("-")[1]))
                            .isEmpty())
                    .forEach(TestNetwork::removeLeftover);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** Another run beside this one may be removing it as well: whoever comes second fails, and that is all right. */
    private static void removeLeftover(String namespace) {
        killAllIn(namespace);
        RealProgram.of("ip", "netns", "del", namespace).run();
    }

    private static void ip(String... arguments) {
        List<String> command = new ArrayList<>(List.of("ip"));
        command.addAll(List.of(arguments));
        RealProgram.of(command).runOrFail();
    }
}
