package io.marchproxy.l3l4.config.value;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.net.Inet6Address;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.nio.ByteBuffer;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

final class AddressTextTest {
    private static final byte[] LINK_LOCAL = {(byte) 0xfe, (byte) 0x80, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1};

    /** The examples of RFC 5952, and the ends. */
    @ParameterizedTest
    @CsvSource({
        "2001:0db8:0:0:0:0:2:1, 2001:db8::2:1",
        "2001:db8:0:1:1:1:1:1, 2001:db8:0:1:1:1:1:1",
        "2001:0:0:1:0:0:0:1, 2001:0:0:1::1",
        "2001:db8:0:0:1:0:0:1, 2001:db8::1:0:0:1",
        "0:0:0:0:0:0:0:1, ::1",
        "0:0:0:0:0:0:0:0, ::",
        "2001:DB8:0:0:0:0:0:0, 2001:db8::",
        "0:0:1:2:3:4:5:6, ::1:2:3:4:5:6",
        "fe80:1:2:3:4:5:6:7, fe80:1:2:3:4:5:6:7",
        "10.0.0.1, 10.0.0.1"
    })
    void shouldWriteAddressesAsRecommended(String written, String shown) throws UnknownHostException {
        assertEquals(shown, AddressText.of(InetAddress.getByName(written)));
    }

    @Test
    void shouldKeepTheScope() throws UnknownHostException {
        assertEquals("fe80::1%7", AddressText.of(Inet6Address.getByAddress(null, LINK_LOCAL, 7)));
    }

    @Test
    void shouldWriteBits() {
        assertEquals("192.0.2.255", AddressText.of(4, 0, 0xc000_02ffL));
        assertEquals("192.0.2.255:53", AddressText.of(4, 0, 0xc000_02ffL, 53));
        assertEquals("[2001:db8::1]:53", AddressText.of(6, 0x2001_0db8_0000_0000L, 1, 53));
    }

    @Test
    void shouldWriteWhatIsReadAsTheSameAddress() throws UnknownHostException {
        Random random = new Random(5952);
        for (int i = 0; i < 10_000; i++) {
            ByteBuffer bits = ByteBuffer.allocate(16);
            for (int group = 0; group < 8; group++) {
                bits.putShort((short) (random.nextBoolean() ? 0 : random.nextInt(1 << random.nextInt(17))));
            }
            InetAddress address = InetAddress.getByAddress(bits.array());
            if (bits.getLong(0) == 0 && bits.getShort(8) == 0 && bits.getShort(10) == -1) {
                continue; // An IPv4 address, as Java sees it.
            }
            assertEquals(address, InetAddress.getByName(AddressText.of(address)), () -> address + ", seed 5952");
        }
    }
}
