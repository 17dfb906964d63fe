package io.marchproxy.l3l4.replay.flows;

import io.marchproxy.l3l4.config.value.AddressText;

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
        return AddressText.of(ipVersion, high, low);
    }

    @Override
    public String toString() {
        return AddressText.of(ipVersion, high, low, port);
    }
}
