package io.marchproxy.l3l4.bench.qos;

import io.marchproxy.l3l4.bench.peers.Child;
import io.marchproxy.l3l4.bench.peers.Cpus;
import io.marchproxy.l3l4.bench.peers.LoadAnswer;
import io.marchproxy.l3l4.bench.peers.LoadClient;
import io.marchproxy.l3l4.bench.peers.Namespace;
import io.marchproxy.l3l4.bench.peers.Programs;
import io.marchproxy.l3l4.stages.packet.Direction;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.function.Function;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import java.util.stream.Stream;

/**
 * The test stand: two namespaces with a wire between them (veth), clients on the near side, backends and our proxy on the far one. tc holds
 * to a rate what leaves a side; tcpdump takes the time of each packet behind whoever shapes it. Frames are of 1,514 bytes at the most, for
 * all: segmentation offload is off. Everything it starts ends with it.
 */
final class QosStand implements AutoCloseable {
    /** Of the network that is kept for benchmarks (RFC 2544, C.2.2). */
    static final String NEAR = "198.18.0.1";

    static final String FAR = "198.18.0.2";
    static final String NEAR_DEVICE = "near0";
    private static final String FAR_DEVICE = "far0";
    static final int ADMIN_PORT = 8_000;
    /** As many as have ports. */
    static final int MOST_RATES = 50;

    private static final int FREE_INDEX = 99;
    private static final long PATIENCE_NS = TimeUnit.SECONDS.toNanos(90);

    /** What may wait, in bytes: a thousand frames, as htb's queue holds. So a sender that pauses for a moment leaves no rate unused. */
    private static final int WAITING_BYTES = 1_514_000;

    private static final double MORE_THAN_THE_RATE = 1.3;

    /** How long a turn sends beyond what is looked at. */
    private static final double SPARE_SECONDS = 0.3;

    /** How long the last datagram may be under way: twice what 4,000 of 1,400 bytes take on a link of 100 Mbit/s. */
    private static final long UNDER_WAY_MS = 900;

    private final Cpus cpus;
    private final Path folder;
    private final Path log;
    private final Namespace near;
    private final Namespace far;
    private final LoadClient nearLoad;
    private final LoadClient farLoad;
    private final List<Child> children = new ArrayList<>();
    private boolean closed;

    private QosStand(Cpus cpus) throws IOException, InterruptedException {
        this.cpus = cpus;
        folder = Files.createTempDirectory("pl34-qos-");
        log = folder.resolve("log");
        near = Namespace.create("qos-near");
        far = Namespace.create("qos-far");
        nearLoad = LoadClient.start(near, cpus, log, QosLoad.NAME);
        farLoad = LoadClient.start(far, cpus, log, QosLoad.NAME);
    }

    /**
     * Builds it, with our proxy in front of the backends.
     *
     * @param root the tree whose launcher starts it
     * @param rates in Mbit/s
     */
    static QosStand open(Cpus cpus, Path root, List<Integer> rates) throws IOException, InterruptedException {
        QosStand stand = new QosStand(cpus);
        try {
            stand.wire();
            for (Case one : Case.all(rates)) {
                if (one.isToBackend()) {
                    stand.farLoad.perform("serve", one.protocol().key(), one.backendPort());
                }
            }
            for (Case.Protocol protocol : Case.Protocol.values()) {
                stand.farLoad.perform("serve", protocol.key(), free(protocol).backendPort());
            }
            stand.startProxy(
                    root,
                    folder -> configuration(folder, rates),
                    free(Case.Protocol.TCP).proxyPort());
            return stand;
        } catch (IOException | InterruptedException | RuntimeException e) {
            stand.close();
            throw e;
        }
    }

    private void wire() throws IOException, InterruptedException {
        Programs.run(List.of(
                "ip",
                "link",
                "add",
                NEAR_DEVICE,
                "netns",
                near.name(),
                "type",
                "veth",
                "peer",
                "name",
                FAR_DEVICE,
                "netns",
                far.name()));
        up(near, NEAR_DEVICE, NEAR);
        up(far, FAR_DEVICE, FAR);
        far.run("ip", "link", "set", "lo", "mtu", "1500");
        unsegmented(far, "lo");
    }

    private static void up(Namespace where, String device, String address) throws IOException, InterruptedException {
        unsegmented(where, device);
        where.run("ip", "address", "add", address + "/24", "dev", device);
        where.run("ip", "link", "set", device, "up");
    }

    private static void unsegmented(Namespace where, String device) throws IOException, InterruptedException {
        where.run("ethtool", "-K", device, "tso", "off", "gso", "off", "gro", "off", "tx-udp-segmentation", "off");
        // TCP makes trains for the stack even so, which htb would let pass whole.
        where.run("ip", "link", "set", device, "gso_max_segs", "1");
    }

    /**
     * Has a proxy run by another configuration in the place of the one that did.
     *
     * @param configuration of a folder for its data
     * @param readyPort that it listens on, by TCP
     */
    void startProxy(Path root, Function<Path, String> configuration, int readyPort)
            throws IOException, InterruptedException {
        children.forEach(Child::close);
        children.clear();
        addProxy(root, "proxy", configuration, readyPort);
    }

    /** Has a proxy run beside the others; as long as nobody sends to it, it takes nothing from them. */
    void addProxy(Path root, String name, Function<Path, String> configuration, int readyPort)
            throws IOException, InterruptedException {
        Path config = Files.writeString(folder.resolve(name + ".yaml"), configuration.apply(folder));
        Child proxy = Child.start(
                name,
                far.command(
                        cpus.proxy(),
                        List.of(root.resolve("bin/proxy-l3l4").toString(), "run", "--config", config.toString())),
                log);
        children.add(proxy);
        await(() -> {
            try {
                near.run("timeout", "1", "bash", "-c", "</dev/tcp/" + FAR + "/" + readyPort);
                return true;
            } catch (IOException e) {
                if (!proxy.isAlive()) {
                    throw new IOException("the proxy has ended: " + Files.readString(log), e);
                }
                return false;
            }
        });
    }

    /** Each rate is a service's of its own, for both directions; the burst is as tc is told. */
    static String configuration(Path folder, List<Integer> rates) {
        return """
                data-dir: %s/data
                log-level: warn
                admin: { address: 127.0.0.1, port: %d }
                engine: { shards: 1 }
                qos: { classes: { P3: { queue: 1000 } } }
                services:
                """.formatted(folder, ADMIN_PORT)
                + Stream.of(Case.Protocol.values())
                        .map(protocol -> IntStream.range(0, rates.size())
                                        .mapToObj(i -> new Case(protocol, Direction.TO_BACKEND, rates.get(i), i))
                                        .map(one -> service(
                                                one,
                                                "rate: %dMbit, burst: %dB, ".formatted(one.mbits(), one.burstBytes())))
                                        .collect(Collectors.joining())
                                + service(free(protocol), ""))
                        .collect(Collectors.joining());
    }

    /** The service without a rate. */
    static Case free(Case.Protocol protocol) {
        return new Case(protocol, Direction.TO_BACKEND, 0, FREE_INDEX);
    }

    private static String service(Case one, String rate) {
        return """
                  - { name: %s%d, listen: "%s://%s:%d", class: P3, %s%shealth: { protocol: none },
                      backends: [ { id: b, address: "127.0.0.1:%d" } ] }
                """.formatted(
                        one.protocol().key(),
                        one.index(),
                        one.protocol().key(),
                        FAR,
                        one.proxyPort(),
                        one.protocol() == Case.Protocol.TCP ? "buffer: " + WAITING_BYTES + "B, " : "",
                        rate,
                        one.backendPort());
    }

    /**
     * Sends through a shaper, and answers what came out.
     *
     * @param seconds that are looked at
     * @param mostBits what UDP sends at the most where no rate says how much is enough
     */
    List<WirePacket> measure(Case one, Shaper shaper, double seconds, long mostBits)
            throws IOException, InterruptedException {
        boolean isTc = shaper.isTc();
        Case sends = shaper == Shaper.NOBODY ? new Case(one.protocol(), one.direction(), 0, FREE_INDEX) : one;
        if (isTc) {
            shape(one, shaper);
        }
        Path file = folder.resolve("capture.pcap");
        Tap tap = tap(sends, isTc, file);
        try {
            long bits = sends.mbits() == 0 ? mostBits : (long) (MORE_THAN_THE_RATE * sends.rate());
            nearLoad.perform(
                    "pour",
                    sends.protocol().key(),
                    FAR,
                    isTc ? sends.backendPort() : sends.proxyPort(),
                    sends.isToBackend() ? "to-backend" : "to-client",
                    seconds + SPARE_SECONDS,
                    bits);
        } finally {
            tap.close();
            if (isTc) {
                where(one).run("tc", "qdisc", "del", "dev", device(one), "root");
            }
        }
        return Capture.read(file);
    }

    private void shape(Case one, Shaper shaper) throws IOException, InterruptedException {
        String rate = one.rate() + "bit";
        String burst = String.valueOf(one.burstBytes());
        Namespace at = where(one);
        String device = device(one);
        if (shaper == Shaper.TBF) {
            String limit = String.valueOf(WAITING_BYTES);
            at.run("tc", "qdisc", "add", "dev", device, "root", "tbf", "rate", rate, "burst", burst, "limit", limit);
        } else {
            at.run("tc", "qdisc", "add", "dev", device, "root", "handle", "1:", "htb", "default", "1");
            at.run(
                    "tc", "class", "add", "dev", device, "parent", "1:", "classid", "1:1", "htb", "rate", rate, "burst",
                    burst, "cburst", burst, "quantum", "1514");
        }
    }

    /** The clients' side. */
    Namespace near() {
        return near;
    }

    /** Has a UDP backend listen, from now on. */
    void serveDatagrams(int port) throws IOException {
        farLoad.perform("serve", Case.Protocol.UDP.key(), port);
    }

    /** Has a UDP backend listen that answers each stamped datagram. */
    void answerDatagrams(int port) throws IOException {
        farLoad.perform("answer", port);
    }

    /**
     * Has clients send stamped datagrams, and answers what they said and what came to backends, with all that was under way at the end.
     *
     * @param task of the load: mix or react
     * @param isTc whether they come over the wire, or from our proxy
     * @param ports of the backends
     * @param groups as the load takes them
     */
    MixFound mix(String task, boolean isTc, String ports, double seconds, List<String> groups)
            throws IOException, InterruptedException {
        Path file = folder.resolve("capture.pcap");
        Tap tap = Tap.open(far, cpus, isTc ? FAR_DEVICE : "lo", "udp and dst portrange " + ports, file);
        LoadAnswer load;
        try {
            List<Object> words = new ArrayList<>(List.of(task, FAR, seconds + SPARE_SECONDS));
            words.addAll(groups);
            load = nearLoad.perform(words.toArray());
            TimeUnit.MILLISECONDS.sleep(UNDER_WAY_MS);
        } finally {
            tap.close();
        }
        return new MixFound(Capture.readStamped(file), load);
    }

    /** Where tc shapes: on the side that sends. */
    private Namespace where(Case one) {
        return one.isToBackend() ? near : far;
    }

    private static String device(Case one) {
        return one.isToBackend() ? NEAR_DEVICE : FAR_DEVICE;
    }

    /** Where a packet comes in that has been shaped: on the wire's other side, or at the backend beside the proxy. */
    private Tap tap(Case one, boolean isTc, Path file) throws IOException, InterruptedException {
        String ports;
        if (one.isToBackend()) {
            ports = "dst port " + one.backendPort();
        } else {
            ports = "src port " + (isTc ? one.backendPort() : one.proxyPort());
        }
        String device = one.isToBackend() ? (isTc ? FAR_DEVICE : "lo") : NEAR_DEVICE;
        return Tap.open(
                one.isToBackend() ? far : near, cpus, device, one.protocol().key() + " and " + ports, file);
    }

    /** Something that comes true in time. */
    @FunctionalInterface
    interface Condition {
        boolean holds() throws IOException, InterruptedException;
    }

    static void await(Condition condition) throws IOException, InterruptedException {
        long untilNs = System.nanoTime() + PATIENCE_NS;
        while (!condition.holds()) {
            if (System.nanoTime() - untilNs > 0) {
                throw new IOException("something did not start in time");
            }
            TimeUnit.MILLISECONDS.sleep(20);
        }
    }

    @Override
    public synchronized void close() throws IOException {
        if (closed) {
            return;
        }
        closed = true;
        children.forEach(Child::close);
        nearLoad.close();
        farLoad.close();
        near.close();
        far.close();
        try (Stream<Path> files = Files.walk(folder)) {
            for (Path each : files.sorted(Comparator.reverseOrder()).toList()) {
                Files.deleteIfExists(each);
            }
        }
    }
}
