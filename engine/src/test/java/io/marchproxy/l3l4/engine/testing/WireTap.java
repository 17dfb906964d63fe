package io.marchproxy.l3l4.engine.testing;

import static org.junit.jupiter.api.Assertions.assertTrue;

import java.net.DatagramPacket;
import java.net.DatagramSocket;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;

/**
 * What tcpdump sees on all devices of a namespace, read by tshark, which judges the checksums. For those to be on the wire, devices
 * must not leave them to others: {@link #withoutOffload}.
 */
public final class WireTap implements AutoCloseable {
    private static final Duration LIMIT = Duration.ofSeconds(60);
    private static final String GOOD = "1";
    private static final List<String> FIELDS = List.of(
            "ip.src",
            "ip.dst",
            "ipv6.src",
            "ipv6.dst",
            "ip.dsfield",
            "ipv6.tclass",
            "tcp.len",
            "tcp.flags.syn",
            "tcp.flags.ack",
            "udp.payload",
            "ip.checksum.status",
            "tcp.checksum.status",
            "udp.checksum.status",
            "tcp.analysis.retransmission");

    /** Tells that everything before it is in the file: at its end tcpdump leaves what it has not read yet. */
    private static final String LAST = "the last that was sent";

    private final TestNetwork network;
    private final InetSocketAddress somewhere;
    private final Path file;
    private final RealProgram.Running tcpdump;

    /**
     * A packet.
     *
     * @param tos code point and ECN field
     * @param tcpBytes payload of a segment, −1 of a datagram
     * @param isSyn a SYN without ACK
     * @param text payload of a datagram
     * @param isSound whether all its checksums are right
     * @param isRepeated whether it is a segment that was sent before
     */
    public record Packet(
            String from,
            String to,
            int tos,
            int tcpBytes,
            boolean isSyn,
            String text,
            boolean isSound,
            boolean isRepeated) {
        public int dscp() {
            return tos >> 2;
        }

        public int ecn() {
            return tos & 3;
        }
    }

    private WireTap(TestNetwork network, InetSocketAddress somewhere, Path file, RealProgram.Running tcpdump) {
        this.network = network;
        this.somewhere = somewhere;
        this.file = file;
        this.tcpdump = tcpdump;
    }

    /**
     * Begins to capture what a filter of tcpdump lets through; returns when it does.
     *
     * @param somewhere that a datagram may be sent to at the end, which the filter lets through
     */
    public static WireTap on(TestNetwork network, Path file, String filter, InetSocketAddress somewhere) {
        RealProgram.Running tcpdump = RealProgram.of(
                        "tcpdump",
                        "-i",
                        "any",
                        "-n",
                        "-U",
                        "--immediate-mode",
                        "-B",
                        "32768",
                        "-s",
                        "2048",
                        "-w",
                        file.toString(),
                        filter)
                .in(network)
                .start();
        Await.until("tcpdump listens", LIMIT, () -> tcpdump.err().contains("listening on"));
        return new WireTap(network, somewhere, file, tcpdump);
    }

    /** Has a device's packets leave as they are on a wire: each by itself, with its checksums. */
    public static void withoutOffload(TestNetwork network, String device) {
        RealProgram.of(
                        "ethtool",
                        "-K",
                        device,
                        "tx",
                        "off",
                        "tso",
                        "off",
                        "gso",
                        "off",
                        "gro",
                        "off",
                        "tx-udp-segmentation",
                        "off")
                .in(network)
                .runOrFail();
    }

    /** Ends the capture; what it saw. */
    public List<Packet> end() throws Exception {
        byte[] last = LAST.getBytes(StandardCharsets.US_ASCII);
        try (DatagramSocket socket = network.inside(() -> new DatagramSocket())) {
            socket.send(new DatagramPacket(last, last.length, somewhere));
        }
        Await.until(
                "the last packet is in the file",
                LIMIT,
                () -> new String(Files.readAllBytes(file), StandardCharsets.ISO_8859_1).contains(LAST));
        tcpdump.signal("INT");
        RealProgram.Outcome outcome = tcpdump.await(LIMIT);
        assertTrue(outcome.err().contains("\n0 packets dropped by kernel"), outcome.err());
        List<String> command = new ArrayList<>(List.of("tshark", "-n", "-r", file.toString(), "-T", "fields"));
        command.addAll(List.of("-E", "separator=|", "-E", "occurrence=f"));
        for (String protocol : List.of("ip", "tcp", "udp")) {
            command.addAll(List.of("-o", protocol + ".check_checksum:TRUE"));
        }
        FIELDS.forEach(field -> command.addAll(List.of("-e", field)));
        return RealProgram.of(command)
                .timeout(LIMIT)
                .runOrFail()
                .out()
                .lines()
                .map(WireTap::packet)
                .filter(packet -> !packet.text().equals(LAST))
                .toList();
    }

    private static Packet packet(String line) {
        String[] fields = line.split("\\|", -1);
        boolean isSix = fields[0].isEmpty();
        boolean isTcp = !fields[6].isEmpty();
        String headerSum = isSix ? GOOD : fields[10];
        String bodySum = isTcp ? fields[11] : fields[12];
        return new Packet(
                isSix ? fields[2] : fields[0],
                isSix ? fields[3] : fields[1],
                Integer.decode(isSix ? fields[5] : fields[4]),
                isTcp ? Integer.parseInt(fields[6]) : -1,
                isTrue(fields[7]) && !isTrue(fields[8]),
                new String(HexFormat.of().parseHex(fields[9].replace(":", "")), StandardCharsets.US_ASCII),
                headerSum.equals(GOOD) && bodySum.equals(GOOD),
                !fields[13].isEmpty());
    }

    private static boolean isTrue(String field) {
        return field.equals("1") || field.equals("True");
    }

    @Override
    public void close() {
        tcpdump.close();
    }
}
