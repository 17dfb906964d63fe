package io.marchproxy.l3l4.engine.explain;

import io.marchproxy.l3l4.stages.route.RouteView;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.nio.ByteBuffer;

/** Prefixes as people write them. */
final class PrefixText {
    private PrefixText() {}

    static String of(int ipVersion, RouteView.Match prefix) {
        ByteBuffer bytes =
                ByteBuffer.allocate(2 * Long.BYTES).putLong(prefix.high()).putLong(prefix.low());
        byte[] address = new byte[ipVersion == 4 ? Integer.BYTES : bytes.capacity()];
        bytes.get(0, address);
        try {
            return InetAddress.getByAddress(address).getHostAddress() + "/" + prefix.length();
        } catch (UnknownHostException e) {
            throw new AssertionError("4 and 16 bytes are an address", e);
        }
    }
}
