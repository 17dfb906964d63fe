package io.marchproxy.l3l4.replay;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
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
        boolean isCi = "true".equals(System.getenv("CI"));
        for (String program : List.of("tcpdump", "tshark", "unshare", "ping", "socat")) {
            boolean isThere =
                    Files.isExecutable(Path.of("/usr/bin", program)) || Files.isExecutable(Path.of("/bin", program));
            assumeTrue(isThere || isCi, program + " is not installed");
        }
        assumeTrue(System.getProperty("user.name").equals("root") || isCi, "only root can make a network namespace");
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

    /** Both tools read all of it, and find no checksum wrong and no packet malformed. */
    private void assertRead(Path capture, long packets) throws Exception {
        assertEquals(
                packets,
                run(List.of("tcpdump", "-nr", capture.toString())).lines().count());
        assertEquals(packets, shown(capture, "frame"));
        assertEquals(
                0,
                shown(
                        capture,
                        "ip.checksum.status == 0 || tcp.checksum.status == 0 || udp.checksum.status == 0 || _ws.malformed"));
    }

    /** How many packets tshark shows by a filter. */
    private long shown(Path capture, String filter) throws Exception {
        return run(List.of(
                        "tshark",
                        "-n",
                        "-r",
                        capture.toString(),
                        "-o",
                        "ip.check_checksum:TRUE",
                        "-o",
                        "tcp.check_checksum:TRUE",
                        "-o",
                        "udp.check_checksum:TRUE",
                        "-Y",
                        filter))
                .lines()
                .count();
    }

    @Test
    void shouldExportARelaysTrafficAsTsharkTakesItForReal() throws Exception {
        Path data = Files.createDirectory(folder.resolve("relay"));
        new Recording(data, "mode: run-to-completion, shards: 2").make(5_000);

        Path exported = export(data, "pcapng");
        long all = shown(exported, "frame");
        assertTrue(shown(exported, "udp") > 2_000, "datagrams");
        assertTrue(shown(exported, "tcp.flags.syn == 1 && tcp.flags.ack == 0") > 50, "connections");
        assertTrue(shown(exported, "udp && frame.cap_len > 28") > 2_000, "datagrams with their first bytes");
        assertRead(exported, all);
        // A port that a client uses again is real, and a reset is; what was sent twice or is missing would be ours.
        assertEquals(
                0,
                shown(
                        exported,
                        "tcp.analysis.retransmission || tcp.analysis.lost_segment || tcp.analysis.ack_lost_segment"
                                + " || tcp.analysis.out_of_order || tcp.analysis.duplicate_ack"
                                + " || tcp.analysis.window_full || tcp.analysis.zero_window"));
        assertEquals(all, shown(exported, "frame.comment contains \"verdict=\""));
        assertRead(export(data, "pcap"), all);
        Tools.Outcome again = Tools.run("import-pcap", exported, "--output", folder.resolve("again"));
        assertEquals(0, again.exitCode(), again::toString);
        assertTrue(again.out().contains(String.format("IP packets %,d of", all)), again::toString);
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
