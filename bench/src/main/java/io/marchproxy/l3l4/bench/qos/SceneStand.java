package io.marchproxy.l3l4.bench.qos;

import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.stream.Collectors;
import java.util.stream.IntStream;

/** The stand of the scenes: one link for all, our proxy with a service for each class, or htb on the clients' device. */
final class SceneStand {
    private static final int READY_PORT = 8_699;
    private static final int TAIL_READY_PORT = 8_698;
    private static final int TAIL_ADMIN_PORT = 8_001;
    private static final long LINK_BITS = Scene.LINK_MBITS * 1_000_000L;

    /** As ours has it where nothing is said: 4 ms of the rate, but no less than 16 KiB. */
    private static final long LEAST_BURST = 16 << 10;

    private static final long BURST_DIVISOR = 8 * 250;
    private static final int FRAME = 1_514;
    private static final int QUEUE = 1_000;

    private final QosStand stand;

    private SceneStand(QosStand stand) {
        this.stand = stand;
    }

    /** Makes a stand over, whose proxy is replaced. */
    static SceneStand on(QosStand stand, Path root) throws IOException, InterruptedException {
        for (int i = 0; i < Scene.CLIENTS; i++) {
            stand.near().run("ip", "address", "add", Scene.client(i) + "/24", "dev", QosStand.NEAR_DEVICE);
        }
        for (int i = 0; i < Scene.CLASS_COUNT; i++) {
            stand.serveDatagrams(Scene.backendPort(i));
        }
        stand.answerDatagrams(Scene.backendPort(Scene.SLOW));
        stand.startProxy(root, SceneStand::configuration, READY_PORT);
        stand.addProxy(root, "tail", SceneStand::tailConfiguration, TAIL_READY_PORT);
        return new SceneStand(stand);
    }

    /** Whether this machine has a shaper: kernels are built without some of tc's queueing disciplines. */
    boolean has(Shaper shaper) throws InterruptedException {
        if (shaper != Shaper.FQ_CODEL && shaper != Shaper.SFQ) {
            return true;
        }
        try {
            tc("qdisc", "add", "root " + kind(shaper));
            tc("qdisc", "del", "root");
            return true;
        } catch (IOException e) {
            return false;
        }
    }

    private static String kind(Shaper shaper) {
        return shaper == Shaper.FQ_CODEL ? "fq_codel" : "sfq";
    }

    static String configuration(Path folder) {
        String classes = IntStream.range(0, Scene.CLASS_COUNT)
                .mapToObj(i -> String.format(
                        Locale.ROOT,
                        "    P%d: { guarantee: %dMbit, %s: %d%s, queue: %d }%n",
                        i,
                        Scene.GUARANTEES.get(i),
                        i == 0 ? "ceiling" : "weight",
                        i == 0 ? Scene.GUARANTEES.get(i) : Scene.WEIGHTS.get(i),
                        i == 0 ? "Mbit" : "",
                        QUEUE))
                .collect(Collectors.joining());
        String services = IntStream.range(0, Scene.CLASS_COUNT)
                .mapToObj(i -> String.format(
                        Locale.ROOT, """
                          - { name: s%d, class: P%d, listen: "udp://%s:%d", backends: [ { id: b%d, address: "127.0.0.1:%d" } ] }
                        """, i, i, QosStand.FAR, Scene.proxyPort(i), i, Scene.backendPort(i)))
                .collect(Collectors.joining());
        return """
                data-dir: %s/scenes
                log-level: warn
                admin: { address: 127.0.0.1, port: %d }
                engine: { shards: 1 }
                qos:
                  link-rate: %dMbit
                  classes:
                %sservices:
                  - { name: ready, listen: "tcp://%s:%d", health: { protocol: none }, backends: [ { id: r, address: "127.0.0.1:%d" } ] }
                %s%s""".formatted(
                        folder,
                        QosStand.ADMIN_PORT,
                        Scene.LINK_MBITS,
                        classes,
                        QosStand.FAR,
                        READY_PORT,
                        QosStand.ADMIN_PORT,
                        services,
                        slow(Scene.proxyPort(Scene.SLOW)));
    }

    /** Of a service that is held to less than the link. */
    private static String slow(int port) {
        return """
                  - { name: slow, class: P3, listen: "udp://%s:%d", rate: { to-backend: %dMbit },
                      backends: [ { id: slow, address: "127.0.0.1:%d" } ] }
                """.formatted(QosStand.FAR, port, Scene.SLOW_MBITS, Scene.backendPort(Scene.SLOW));
    }

    /** Of a proxy for that service alone, whose queue ends only when it is full. */
    static String tailConfiguration(Path folder) {
        return """
                data-dir: %s/tail
                log-level: warn
                admin: { address: 127.0.0.1, port: %d }
                engine: { shards: 1 }
                qos: { codel: { enabled: false }, classes: { P3: { queue: %d } } }
                services:
                  - { name: ready, listen: "tcp://%s:%d", health: { protocol: none }, backends: [ { id: r, address: "127.0.0.1:%d" } ] }
                %s""".formatted(
                        folder,
                        TAIL_ADMIN_PORT,
                        QUEUE,
                        QosStand.FAR,
                        TAIL_READY_PORT,
                        TAIL_ADMIN_PORT,
                        slow(Scene.proxyPort(Scene.SLOW + 1)));
    }

    /** Plays a scene, and finds what it says. */
    SceneFigures play(Scene scene, Shaper shaper, double seconds) throws IOException, InterruptedException {
        if (shaper.isTc()) {
            if (shaper == Shaper.HTB_EACH) {
                shapeEach();
            } else {
                shape(shaper);
            }
        }
        try {
            MixFound idle = scene == Scene.URGENT ? run("mix", Scene.idle(shaper.isTc()), shaper, seconds) : null;
            String task = scene == Scene.CODEL ? "react" : "mix";
            return SceneFigures.of(scene, shaper, run(task, scene.groups(shaper), shaper, seconds), idle, seconds);
        } finally {
            if (shaper.isTc()) {
                tc("qdisc", "del", "root");
            }
        }
    }

    private MixFound run(String task, List<String> groups, Shaper shaper, double seconds)
            throws IOException, InterruptedException {
        return stand.mix(task, shaper.isTc(), Scene.backendPorts(), seconds, groups);
    }

    private void shape(Shaper shaper) throws IOException, InterruptedException {
        tc("qdisc", "add", "root handle 1: htb default 40");
        htb("1:", 1, LINK_BITS, LINK_BITS, 0, FRAME);
        for (int i = 0; i < Scene.CLASS_COUNT; i++) {
            long guarantee = Scene.GUARANTEES.get(i) * 1_000_000L;
            // Those that borrow take turns by quantum where they are of one priority.
            htb(
                    "1:1",
                    10 * (i + 1),
                    guarantee,
                    i == 0 ? guarantee : LINK_BITS,
                    i == 0 ? 0 : 1,
                    FRAME * Scene.WEIGHTS.get(i));
            filter("dport " + Scene.backendPort(i) + " 0xffff", 10 * (i + 1));
        }
        if (shaper == Shaper.FQ_CODEL || shaper == Shaper.SFQ) {
            tc("qdisc", "add", "parent 1:40 " + kind(shaper) + " limit " + QUEUE);
        }
    }

    /** The link alone, and a class for each client, all alike. */
    private void shapeEach() throws IOException, InterruptedException {
        tc("qdisc", "add", "root handle 1: htb default 100");
        htb("1:", 1, LINK_BITS, LINK_BITS, 0, FRAME);
        for (int i = 0; i < Scene.CLIENTS; i++) {
            int number = 100 + i;
            htb("1:1", number, LINK_BITS / Scene.CLIENTS, LINK_BITS, 1, FRAME);
            filter("src " + Scene.client(i) + "/32", number);
        }
    }

    private void htb(String parent, int number, long rate, long ceiling, int priority, int quantum)
            throws IOException, InterruptedException {
        tc(
                "class",
                "add",
                "parent %s classid 1:%d htb rate %dbit ceil %dbit burst %d cburst %d prio %d quantum %d"
                        .formatted(parent, number, rate, ceiling, burst(rate), burst(ceiling), priority, quantum));
    }

    /** Packets that match go into a class. */
    private void filter(String match, int number) throws IOException, InterruptedException {
        tc("filter", "add", "parent 1: protocol ip prio 1 u32 match ip " + match + " flowid 1:" + number);
    }

    private static long burst(long rate) {
        return Math.max(LEAST_BURST, rate / BURST_DIVISOR);
    }

    private void tc(String what, String verb, String words) throws IOException, InterruptedException {
        String command = "tc " + what + " " + verb + " dev " + QosStand.NEAR_DEVICE + " " + words;
        stand.near().run(command.split(" "));
    }
}
