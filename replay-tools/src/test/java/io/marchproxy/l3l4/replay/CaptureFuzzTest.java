package io.marchproxy.l3l4.replay;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.marchproxy.l3l4.config.settings.ProxySettings;
import io.marchproxy.l3l4.replay.pcap.CaptureBytes;
import io.marchproxy.l3l4.replay.pcap.CaptureException;
import io.marchproxy.l3l4.replay.pcap.CaptureReader;
import io.marchproxy.l3l4.replay.pcap.Captures;
import io.marchproxy.l3l4.replay.pcap.Packets;
import java.io.ByteArrayInputStream;
import java.nio.ByteOrder;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * Valid captures, damaged at random: whatever comes of it, nothing is thrown, each frame is either a packet in the books or
 * passed over, the books balance, and the journal gives the same decisions again.
 */
class CaptureFuzzTest {
    private static final int CAPTURES = 400;
    private static final long NOON = 1_700_000_000L;

    @TempDir
    Path folder;

    @ParameterizedTest
    @ValueSource(longs = {1, 2, 3})
    void shouldBringEveryPacketOfDamagedCapturesIntoTheBooks(long seed) throws Exception {
        System.out.println("seed " + seed);
        Random random = new Random(seed);
        IpServices services = IpServices.of(smallTable(), 2);
        int refused = 0;
        int damaged = 0;
        Path output = folder.resolve("data");
        try (CaptureImport imported = new CaptureImport(services, output, 96)) {
            for (int i = 0; i < CAPTURES; i++) {
                byte[] capture = mutated(random, random.nextBoolean() ? classic(random) : newer(random));
                try (CaptureReader reader = Captures.open(new ByteArrayInputStream(capture), "capture " + i)) {
                    imported.add(reader, () -> {});
                    damaged += reader.damage() == null ? 0 : 1;
                } catch (CaptureException e) {
                    refused++;
                }
            }
            imported.finish();
            assertTrue(imported.books().isBalanced(), imported.books().line());
            assertEquals(imported.counts().packets(), imported.books().in());
            assertEquals(
                    imported.counts().frames(),
                    imported.counts().packets() + imported.counts().passedOver());
            assertTrue(imported.books().in() > CAPTURES, imported.books().line());
            assertTrue(refused > 0 && damaged > 0, refused + " refused, " + damaged + " damaged");
        }
        try (Verification verification =
                new Verification(output.resolve("journal").resolve("shard-0"))) {
            verification.run(read -> {});
            assertNull(verification.difference());
            assertNull(verification.incomplete());
            assertEquals(List.of(), verification.notes());
        }
    }

    private static ProxySettings smallTable() {
        return TestConfigurations.of("""
                engine: { max-flows: 500 }
                services: [ { name: dns, listen: "udp://*:53", backends: [ { id: a, address: "127.0.0.1:5300" } ] } ]
                """);
    }

    private static byte[] classic(Random random) {
        int[] links = {1, 1, 1, 101, 113, 276, 0, 108, 12};
        int link = links[random.nextInt(links.length)];
        CaptureBytes capture = new CaptureBytes(random.nextBoolean() ? ByteOrder.LITTLE_ENDIAN : ByteOrder.BIG_ENDIAN)
                .pcap(random.nextBoolean() ? 0xa1b2c3d4 : 0xa1b23c4d, link);
        for (int i = random.nextInt(20); i >= 0; i--) {
            byte[] frame = frame(random, link);
            int captured = random.nextInt(4) == 0 ? random.nextInt(frame.length + 1) : frame.length;
            capture.packet(
                    NOON + random.nextInt(100),
                    random.nextInt(1_000_000),
                    Arrays.copyOf(frame, captured),
                    frame.length);
        }
        return capture.toArray();
    }

    private static byte[] newer(Random random) {
        CaptureBytes capture =
                new CaptureBytes(random.nextBoolean() ? ByteOrder.LITTLE_ENDIAN : ByteOrder.BIG_ENDIAN).section();
        capture.interfaceOf(1, 0, capture.resolution(random.nextInt(256)))
                .interfaceOf(101, 0, capture.resolution(9), capture.offset(random.nextLong()));
        for (int i = random.nextInt(20); i >= 0; i--) {
            int from = random.nextInt(2);
            byte[] frame = frame(random, from == 0 ? 1 : 101);
            switch (random.nextInt(5)) {
                case 0 -> capture.simple(frame(random, 1), 60);
                case 1 -> capture.obsolete(from, random.nextLong(), frame);
                case 2 -> capture.block(random.nextInt(20), new byte[random.nextInt(40)]);
                default ->
                    capture.enhanced(from, NOON * 1_000_000_000 + random.nextLong(1L << 40), frame, frame.length);
            }
        }
        return capture.toArray();
    }

    private static byte[] frame(Random random, int link) {
        byte[] packet = packet(random);
        return switch (link) {
            case 1 -> Packets.ethernet("8100 0001".repeat(Math.max(random.nextInt(6) - 3, 0)), 0x0800, packet);
            case 113 -> Packets.join(new byte[14], Packets.hex("0800"), packet);
            case 276 -> Packets.join(Packets.hex("86dd"), new byte[18], packet);
            case 0, 108 -> Packets.join(Packets.hex("00000002"), packet);
            default -> packet;
        };
    }

    private static byte[] packet(Random random) {
        byte[] payload = new byte[random.nextInt(100)];
        int port = 1000 + random.nextInt(50);
        return switch (random.nextInt(8)) {
            case 0 -> Packets.ipv4(1, 2, 6, Packets.tcp(port, 80, 1, 2, payload));
            case 1 -> Packets.ipv6(1, 2, 17, Packets.udp(port, 53, payload));
            case 2 ->
                Packets.ipv6(
                        1,
                        2,
                        0,
                        Packets.join(Packets.hex("3c00010400000000 1100010400000000"), Packets.udp(port, 53, payload)));
            case 3 -> Packets.ipv4(1, 2, 17, random.nextInt(0x2000), new byte[0], payload);
            case 4 -> Packets.ipv4(1, 2, random.nextInt(256), payload);
            case 5 -> Packets.ipv4(1, 2, 17, 0, new byte[4 * random.nextInt(11)], Packets.udp(port, 53, payload));
            case 6 -> payload;
            default -> Packets.ipv4(1, 2, 17, Packets.udp(port, 53, payload));
        };
    }

    /** Changes bytes, cuts, doubles or leaves out a stretch, or leaves it as it is. */
    private static byte[] mutated(Random random, byte[] capture) {
        List<Byte> bytes = new ArrayList<>();
        for (byte one : capture) {
            bytes.add(one);
        }
        for (int i = random.nextInt(4); i > 0 && bytes.size() > 1; i--) {
            int at = random.nextInt(bytes.size());
            int length = Math.min(random.nextInt(40), bytes.size() - at);
            switch (random.nextInt(6)) {
                case 0, 1 -> bytes.set(at, (byte) random.nextInt());
                case 2 -> bytes.set(at, (byte) (bytes.get(at) ^ (1 << random.nextInt(8))));
                case 3 -> bytes.subList(at, at + length).clear();
                case 4 -> bytes.addAll(at, new ArrayList<>(bytes.subList(at, at + length)));
                default -> bytes.subList(at, bytes.size()).clear();
            }
        }
        byte[] after = new byte[bytes.size()];
        for (int i = 0; i < after.length; i++) {
            after[i] = bytes.get(i);
        }
        return after;
    }
}
