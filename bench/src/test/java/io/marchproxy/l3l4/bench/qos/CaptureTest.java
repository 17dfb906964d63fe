package io.marchproxy.l3l4.bench.qos;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class CaptureTest {
    private static final int UDP = 17;
    private static final int TCP = 6;

    private final ByteBuffer pcap = ByteBuffer.allocate(4_096).order(ByteOrder.LITTLE_ENDIAN);

    @TempDir
    Path folder;

    /** Code point and ECN field of the packets that follow. */
    private int tos;

    @BeforeEach
    void begin() {
        pcap.putInt(0xa1b23c4d)
                .putShort((short) 2)
                .putShort((short) 4)
                .putLong(0)
                .putInt(80)
                .putInt(1);
    }

    private void packet(int seconds, int ns, int protocol, int ipBytes, int transportHeader, int captured) {
        pcap.putInt(seconds).putInt(ns).putInt(captured).putInt(14 + ipBytes);
        int ip = pcap.position() + 14;
        pcap.put(ip, (byte) 0x45);
        pcap.put(ip + 1, (byte) tos);
        pcap.putShort(ip + 2, Short.reverseBytes((short) ipBytes));
        pcap.put(ip + 9, (byte) protocol);
        pcap.put(ip + 20 + 12, (byte) ((transportHeader / 4) << 4));
        pcap.position(pcap.position() + captured);
    }

    private Path written(int bytes) throws IOException {
        byte[] all = new byte[bytes];
        pcap.get(0, all);
        return Files.write(folder.resolve("a.pcap"), all);
    }

    @Test
    void shouldTellFramesFromPayload() throws IOException {
        packet(1, 500, UDP, 1_428, 8, 80);
        packet(2, 0, TCP, 1_500, 32, 80);

        assertEquals(
                List.of(new WirePacket(1_000_000_500L, 1_442, 1_400), new WirePacket(2_000_000_000L, 1_514, 1_448)),
                Capture.read(written(pcap.position())));
    }

    @Test
    void shouldPassOverWhatCarriesNothingAndPutTheRestInOrder() throws IOException {
        packet(3, 0, TCP, 1_500, 20, 80);
        packet(1, 0, TCP, 52, 32, 66);
        packet(2, 0, UDP, 29, 8, 43);

        assertEquals(
                List.of(new WirePacket(2_000_000_000L, 43, 1), new WirePacket(3_000_000_000L, 1_514, 1_460)),
                Capture.read(written(pcap.position())));
    }

    @Test
    void shouldReadWhoSentADatagramAndWhen() throws IOException {
        tos = 46 << 2 | 3;
        packet(5, 7, UDP, 28 + 200, 8, 80);
        int payload = pcap.position() - 80 + 14 + 20 + 8;
        pcap.order(ByteOrder.BIG_ENDIAN)
                .putInt(payload, 3)
                .putInt(payload + 4, 41)
                .putLong(payload + 8, 4_999_000_007L)
                .order(ByteOrder.LITTLE_ENDIAN);
        packet(6, 0, UDP, 28 + 10, 8, 52);

        List<Stamped> read = Capture.readStamped(written(pcap.position()));

        assertEquals(List.of(new Stamped(new WirePacket(5_000_000_007L, 242, 200), 3, 41, 4_999_000_007L, 3)), read);
        assertEquals(1_000_000, read.getFirst().delayNs());
    }

    @Test
    void shouldRefuseWhatIsCutShortOrNone() throws IOException {
        packet(1, 0, UDP, 1_428, 8, 80);
        Path cut = written(pcap.position() - 75);
        assertThrows(IOException.class, () -> Capture.read(cut));

        pcap.putInt(0, 0xa1b2c3d4);
        Path micro = written(pcap.position());
        assertThrows(IOException.class, () -> Capture.read(micro));
    }
}
