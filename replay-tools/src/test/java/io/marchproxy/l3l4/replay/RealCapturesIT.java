package io.marchproxy.l3l4.replay;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.marchproxy.l3l4.engine.ProxyService;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What tcpdump captured, imported; and what is exported, read by tcpdump and tshark. */
class RealCapturesIT {
    @TempDir
    Path folder;

    @BeforeAll
    static void requireTools() {
        RealTools.requireNetwork(List.of("tcpdump", "tshark", "unshare", "ping", "socat"));
    }

    /**
     * A network of its own with packets of all kinds on its loopback: pings of either version, one of them in fragments, a refused
     * datagram and its ICMP error, a TCP connection with a megabyte.
     */
    private static final String TRAFFIC = """
            set -e
            ip link set lo up mtu 1500
            bash -c "exec $3" bash "$1" "$2" & dumping=$!
            until grep -q listening "$2"; do read -t 0.02 < /dev/zero || true; done
            ping -q -c 3 -i 0.01 127.0.0.1 > /dev/null
            ping -q -c 2 -i 0.01 -s 4000 127.0.0.1 > /dev/null
            ping -q -c 2 -i 0.01 -s 4000 ::1 > /dev/null
            echo to nobody | socat - UDP4:127.0.0.1:7 2> /dev/null || true
            socat -u TCP4-LISTEN:9000,reuseaddr OPEN:/dev/null & listening=$!
            head -c 1000000 /dev/zero | socat -u - TCP4:127.0.0.1:9000,retry=100,interval=0.02
            wait $listening
            ping -q -c 1 -p 5a5a 127.0.0.1 > /dev/null
            kill $dumping
            wait $dumping || true
            """;

    private Path capture(String options) throws Exception {
        Path file = folder.resolve("captured");
        Path log = Files.createFile(folder.resolve("log"));
        String dump = "tcpdump -i lo --immediate-mode -U " + options + " -w \"$1\" 2> \"$2\"";
        run(List.of("unshare", "-n", "bash", "-c", TRAFFIC, "bash", file.toString(), log.toString(), dump));
        return file;
    }

    @ParameterizedTest
    @ValueSource(strings = {"-s 96", "--time-stamp-precision=nano -y EN10MB", "-i any -y LINUX_SLL2"})
    void shouldImportWhatTcpdumpCaptured(String options) throws Exception {
        Path captured = capture(options);
        long packets =
                run(List.of("tcpdump", "-nr", captured.toString())).lines().count();
        assertTrue(packets > 50, packets + " packets");

        Tools.Outcome imported =
                Tools.run("import-pcap", captured, "--output", folder.resolve("data"), "--snap", "64B");

        assertEquals(0, imported.exitCode(), imported::toString);
        assertTrue(
                imported.out().contains(String.format("frames %,d, IP packets %,d of", packets, packets)),
                imported::toString);
        assertTrue(
                imported.out().contains(String.format("in %,d = out %,d + dropped 0", packets, packets)),
                imported::toString);
        Tools.Outcome verified = Tools.run("verify", folder.resolve("data"));
        assertEquals(0, verified.exitCode(), verified::toString);
        Path exported = export(folder.resolve("data"), "pcapng");
        assertEquals(
                packets,
                run(List.of("tcpdump", "-nr", exported.toString())).lines().count());
        // The loopback device leaves the checksums of TCP and UDP to hardware that it has not got.
        assertEquals(0, shown(exported, "ip.checksum.status == 0 || _ws.malformed"));
    }

    private Path export(Path data, String format) {
        Path file = folder.resolve("exported." + format);
        Tools.Outcome exported = Tools.run("export-pcap", data, "--output", file, "--format", format);
        assertEquals(0, exported.exitCode(), exported::toString);
        return file;
    }

    /** How many packets tshark shows by a filter. */
    private long shown(Path capture, String filter) throws Exception {
        return tshark(capture, "-Y", filter).size();
    }

    private List<String> tshark(Path capture, String... more) throws Exception {
        List<String> command = new ArrayList<>(List.of("tshark", "-n", "-r", capture.toString()));
        for (String protocol : List.of("ip", "tcp", "udp")) {
            command.addAll(List.of("-o", protocol + ".check_checksum:TRUE"));
        }
        command.addAll(List.of(more));
        return run(command).lines().toList();
    }

    /** A short moment of a real proxy's: connections that come and go, datagrams and their answers. */
    private static void relay(Path data) throws Exception {
        try (Echo echo = new Echo(0);
                ProxyService proxy =
                        ProxyService.start(TestConfigurations.of("""
                        data-dir: %s
                        admin: { port: 0 }
                        engine: { shards: 2, journal: { mode: packets, snap: 32B } }
                        services:
                          - { name: web, listen: "tcp://127.0.0.1:0", backends: [ { id: a, address: "127.0.0.1:%d" } ] }
                          - { name: dns, listen: "udp://127.0.0.1:0", backends: [ { id: b, address: "127.0.0.1:%d" } ] }
                        """.formatted(data, echo.port(), echo.port())));
                Clients clients = new Clients(
                        proxy.listening("web").getFirst().getPort(),
                        proxy.listening("dns").getFirst().getPort())) {
            Recording.await("traffic", () -> clients.datagrams() > 1_000 && clients.exchanges() > 60);
        }
    }

    @Test
    void shouldExportARelaysTrafficAsTsharkTakesItForReal() throws Exception {
        Path data = Files.createDirectory(folder.resolve("relay"));
        relay(data);

        Path exported = export(data, "pcapng");

        List<String> packets = tshark(
                exported,
                "-T",
                "fields",
                "-E",
                "separator=|",
                "-e",
                "ip.proto",
                "-e",
                "tcp.flags.str",
                "-e",
                "frame.cap_len",
                "-e",
                "frame.comment");
        assertTrue(packets.stream().allMatch(line -> line.contains("|verdict=")), "all have comments");
        assertTrue(packets.stream().filter(line -> line.startsWith("17|")).count() > 500, "datagrams");
        assertTrue(
                packets.stream()
                                .filter(line -> line.matches("17\\|\\|(29|[3-6][0-9])\\|.*"))
                                .count()
                        > 500,
                "with their first bytes");
        assertTrue(
                packets.stream()
                                .filter(line -> line.matches("6\\|[^|]*S\\W*\\|.*"))
                                .count()
                        > 50,
                "connections");
        // A port that a client uses again is real, and so is a reset; what was sent twice or is missing would be ours.
        assertEquals(
                0,
                shown(
                        exported,
                        "ip.checksum.status == 0 || tcp.checksum.status == 0 || udp.checksum.status == 0 || _ws.malformed"
                                + " || tcp.analysis.retransmission || tcp.analysis.lost_segment"
                                + " || tcp.analysis.ack_lost_segment || tcp.analysis.out_of_order"
                                + " || tcp.analysis.duplicate_ack || tcp.analysis.window_full || tcp.analysis.zero_window"));
        for (String format : List.of("pcap", "pcapng")) {
            Path file = export(data, format);
            assertEquals(
                    packets.size(),
                    run(List.of("tcpdump", "-nr", file.toString())).lines().count());
        }
        Tools.Outcome again = Tools.run("import-pcap", exported, "--output", folder.resolve("again"));
        assertEquals(0, again.exitCode(), again::toString);
        assertTrue(again.out().contains(String.format("IP packets %,d of", packets.size())), again::toString);
        assertEquals(0, Tools.run("verify", folder.resolve("again")).exitCode());
    }

    @Test
    void shouldWriteACaptureToStandardOutputForOthersToRead() throws Exception {
        Path captured = capture("");
        Path data = folder.resolve("data");
        Path tools = Path.of(System.getProperty("project.root"), "bin", "replay-tools");
        long packets =
                run(List.of("tcpdump", "-nr", captured.toString())).lines().count();

        run(List.of(
                "bash",
                "-c",
                "set -o pipefail; gzip < \"$1\" | \"$2\" import-pcap - --output \"$3\"",
                "bash",
                captured.toString(),
                tools.toString(),
                data.toString()));
        String read = run(List.of(
                "bash",
                "-c",
                "set -o pipefail; \"$1\" export-pcap \"$2\" --output - --format pcap | tcpdump -nr -",
                "bash",
                tools.toString(),
                data.toString()));

        assertEquals(packets, read.lines().count());
    }

    private String run(List<String> command) throws IOException, InterruptedException {
        Path out = Files.createTempFile(folder, "out", "");
        Path err = Files.createTempFile(folder, "err", "");
        Process process = new ProcessBuilder(command)
                .redirectOutput(out.toFile())
                .redirectError(err.toFile())
                .start();
        try {
            assertTrue(process.waitFor(120, TimeUnit.SECONDS), () -> command + " did not end within two minutes");
        } finally {
            process.descendants().forEach(ProcessHandle::destroyForcibly);
            process.destroyForcibly();
        }
        assertEquals(0, process.exitValue(), () -> command + ": " + text(err));
        return Files.readString(out);
    }

    private static String text(Path file) {
        try {
            return Files.readString(file);
        } catch (IOException e) {
            return e.toString();
        }
    }
}
