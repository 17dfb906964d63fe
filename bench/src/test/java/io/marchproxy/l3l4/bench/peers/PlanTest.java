package io.marchproxy.l3l4.bench.peers;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.marchproxy.l3l4.config.ConfigLoader;
import io.marchproxy.l3l4.config.ConfigResult;
import io.marchproxy.l3l4.config.source.Overrides;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;
import picocli.CommandLine;

/** Who runs where, when and with what. */
class PlanTest {

    private final Configurations configurations = new Configurations(Path.of("/tmp/somewhere"), 9_000);

    @Test
    void shouldAskForOursAloneWhenJournalsAreCompared() {
        Plan plan = new Plan(List.of(Kind.UDP64), 1, 1, 1, 0, "50us", true);

        assertEquals(
                Set.of(Peer.DIRECT, Peer.OURS, Peer.OURS_FLOWS, Peer.OURS_PACKETS),
                Arrays.stream(Peer.values()).filter(plan::asksFor).collect(Collectors.toSet()));
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "50us"})
    void shouldAskForTheOneThatSpinsWhereItIsToldHowLong(String spin) {
        Plan plan = new Plan(List.of(Kind.UDP64), 1, 1, 1, 0, spin, false);

        assertEquals(!spin.isEmpty(), plan.asksFor(Peer.OURS_SPIN));
        assertTrue(plan.asksFor(Peer.NGINX) && plan.asksFor(Peer.OURS_BARE));
    }

    @Test
    void shouldGiveTheProxyACpuOfItsOwn() throws UnavailableException {
        Cpus cpus = Cpus.of(List.of(2, 3, 6));

        assertEquals(new Cpus("2", "3,6"), cpus);
        assertEquals("2,3,6", cpus.all());
    }

    @Test
    void shouldRefuseAMachineOfOneCpu() {
        assertThrows(UnavailableException.class, () -> Cpus.of(List.of(4)));
    }

    @Test
    void shouldMoveTheOrderOnFromRoundToRound() {
        List<Peer> peers = List.of(Peer.NGINX, Peer.HAPROXY, Peer.OURS);

        assertEquals(peers, Comparison.inTurn(peers, 0));
        assertEquals(List.of(Peer.HAPROXY, Peer.OURS, Peer.NGINX), Comparison.inTurn(peers, 1));
        assertEquals(List.of(Peer.OURS, Peer.NGINX, Peer.HAPROXY), Comparison.inTurn(peers, 2));
    }

    @Test
    void shouldHoldAsManyConnectionsAsDescriptorsCarry() {
        Plan plan = new Plan(List.of(Kind.IDLE), 3, 2, 4, 20_000, "", false);

        assertEquals(9_700, plan.within(20_000).connections());
        assertEquals(20_000, plan.within(1_048_576).connections());
    }

    @Test
    void shouldUseNoPortTwice() {
        Set<Integer> ports = new HashSet<>();
        for (Port port : Port.values()) {
            for (Peer peer : Peer.values()) {
                assertTrue(ports.add(port.of(peer)), port + " of " + peer);
            }
        }
        assertTrue(ports.stream().allMatch(port -> port < 10_000), "the namespace's own ports begin at 10000");
    }

    @ParameterizedTest
    @EnumSource(names = {"NGINX", "NGINX_64K"})
    void shouldLetNginxKeepItsSessionsSocket(Peer peer) {
        String config = configurations.nginx(peer);

        assertTrue(!config.contains("proxy_responses"), config);
        assertTrue(config.contains("proxy_buffer_size " + (peer == Peer.NGINX ? "16k" : "64k")), config);
        assertTrue(config.contains(
                "listen 127.0.0.1:" + Port.FLOOD.of(peer) + " udp rcvbuf=4m; proxy_pass 127.0.0.1:8300;"));
    }

    @ParameterizedTest
    @EnumSource(names = {"OURS", "OURS_SPIN", "OURS_BARE"})
    void shouldConfigureOursWithoutAFault(Peer peer, @TempDir Path folder) throws IOException {
        Path file = Files.writeString(
                folder.resolve("proxy.yaml"), configurations.ours(peer, peer == Peer.OURS_SPIN ? "50us" : ""));

        ConfigResult result = ConfigLoader.load(file, Map.of(), Overrides.none());

        assertEquals(List.of(), result.faults());
        assertEquals(
                peer != Peer.OURS_BARE, result.settings().orElseThrow().qos().enabled());
    }

    @Test
    void shouldNameEveryMeasurementThatOnlyTakes() {
        CommandLine command = new CommandLine(new PeersCommand());
        String help = command.getUsageMessage().replaceAll("\\s+", " ");

        for (Kind kind : Kind.values()) {
            assertTrue(help.contains(kind.key()), kind.key());
        }
    }

    @ParameterizedTest
    @ValueSource(
            strings = {"--only=nothing", "--rounds=0", "--seconds=-1", "--warm-up=0", "--connections=5", "--rounds=x"})
    void shouldRefuseFlagsThatMakeNoSense(String flag) {
        StringWriter err = new StringWriter();

        int code = new CommandLine(new PeersCommand())
                .setErr(new PrintWriter(err, true))
                .execute(flag);

        assertEquals(2, code, err.toString());
    }

    @Test
    void shouldTellOfAFileOfResultsThatIsNotThere() {
        StringWriter err = new StringWriter();

        int code = new CommandLine(new PeersCommand())
                .setErr(new PrintWriter(err, true))
                .execute("--from=/nowhere.json");

        assertEquals(70, code);
        assertTrue(err.toString().startsWith("bench peers: "), err.toString());
    }

    @Test
    void shouldNameAllMissingPrograms() {
        assertEquals(
                List.of("no-such-thing", "nor-this"), Programs.missing(List.of("no-such-thing", "sh", "nor-this")));
    }

    @Test
    void shouldTellHowMuchTimeIsLeftOnATerminalOnly() {
        assertTrue(progress(true).contains("1 of 4 · second · about 0:0"), progress(true));
        assertEquals("done\n", progress(false));
    }

    private static String progress(boolean live) {
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        Progress progress = new Progress(new PrintStream(out, true, StandardCharsets.UTF_8), live, 4);
        progress.step("first");
        progress.step("second");
        progress.line("done");
        return out.toString(StandardCharsets.UTF_8);
    }
}
