package io.marchproxy.l3l4.stages.route;

import io.marchproxy.l3l4.stages.flow.FlowLayout;
import io.marchproxy.l3l4.stages.flow.Mix;
import io.marchproxy.l3l4.stages.packet.Memory;

/**
 * Hashes of flows and clients that are the same on every start and on every proxy, so that all of them send a client to the same
 * backend: without a secret, and for that alone. The folded product of {@code FlowHash}.
 */
final class StableHash {
    private static final long KEY_0 = Mix.spread(1);
    private static final long KEY_1 = Mix.spread(2);
    private static final long KEY_2 = Mix.spread(3);
    private static final long KEY_3 = Mix.spread(4);

    private StableHash() {}

    /** Of the client's address, in the flow entry at an address. */
    static long ofClient(long entry) {
        return Mix.spread(Mix.fold(
                Memory.getLong(entry + FlowLayout.CLIENT_HIGH) ^ KEY_0,
                Memory.getLong(entry + FlowLayout.CLIENT_LOW) ^ KEY_1));
    }

    /** Of protocol, addresses and ports. */
    static long ofFlow(long entry) {
        long client = Mix.fold(
                Memory.getLong(entry + FlowLayout.CLIENT_HIGH) ^ KEY_0,
                Memory.getLong(entry + FlowLayout.CLIENT_LOW) ^ KEY_1);
        long listener = Mix.fold(
                Memory.getLong(entry + FlowLayout.LISTENER_HIGH) ^ KEY_2,
                Memory.getLong(entry + FlowLayout.LISTENER_LOW) ^ KEY_3);
        long ports = Integer.toUnsignedLong(Memory.getInt(entry + FlowLayout.CLIENT_PORT)) << 8
                | Byte.toUnsignedLong(Memory.getByte(entry + FlowLayout.PROTOCOL));
        return Mix.spread(Mix.fold(client ^ ports, listener ^ KEY_0));
    }
}
