package io.marchproxy.l3l4.replay.flows;

import java.net.InetAddress;
import java.net.UnknownHostException;
import java.nio.ByteBuffer;

/**
 * An address with a port, as flows have them.
 *
 * @param ipVersion 4 or 6
 * @param high first 64 bits; 0 for IPv4
 * @param low last 64 bits, or the 32 bits of IPv4
 */
record Address(int ipVersion, long high, long low, int port) {
    /** The address alone. */
    String host() {
        byte[] bytes = ipVersion == 6
                ? ByteBuffer.allocate(2 * Long.BYTES).putLong(high).putLong(low).array()
                : ByteBuffer.allocate(Integer.BYTES).putInt((int) low).array();
        try {
            return InetAddress.getByAddress(bytes).getHostAddress();
        } catch (UnknownHostException e) {
            throw new AssertionError("4 and 16 bytes are an address", e);
        }
    }

    @Override
    public String toString() {
        return (ipVersion == 6 ? "[" + host() + "]" : host()) + ":" + port;
    }
}
