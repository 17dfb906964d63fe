package io.marchproxy.l3l4.stages.flow;

import io.marchproxy.l3l4.stages.packet.PacketDescriptor;

/**
 * Hashes a flow's key to 32 bits.
 *
 * <p>Clients choose their addresses and ports, so a table that they can aim at would degrade to a list: every word is
 * keyed with a secret of the seed before it is mixed. The mixer is the folded 128-bit product (Lemire, Kaser, "Faster
 * 64-bit universal hashing using carry-less multiplications", 2015, section 1; known from wyhash): three independent
 * multiplications and one to join them, about 4 ns for a v6 key, where byte-wise SipHash takes 20 and more.
 */
public final class FlowHash {
    private final long key0;
    private final long key1;
    private final long key2;
    private final long key3;
    private final long key4;
    private final long key5;

    /**
     * A hash function of its own for each seed.
     *
     * @param seed random in service, recorded in the journal, so that a replay builds the same tables
     */
    public FlowHash(long seed) {
        key0 = secret(seed, 0);
        key1 = secret(seed, 1);
        key2 = secret(seed, 2);
        key3 = secret(seed, 3);
        key4 = secret(seed, 4);
        key5 = secret(seed, 5);
    }

    /** The hash of the key of a packet that came from a client. */
    public int of(PacketDescriptor fromClient) {
        return of(
                fromClient.sourceHigh(),
                fromClient.sourceLow(),
                fromClient.destinationHigh(),
                fromClient.destinationLow(),
                rest(
                        fromClient.sourcePort(),
                        fromClient.destinationPort(),
                        fromClient.service(),
                        fromClient.protocol(),
                        fromClient.ipVersion()));
    }

    /** The hash of a key; {@link FlowTable}s and their models agree on it. */
    public int of(FlowKey key) {
        return of(
                key.clientHigh(),
                key.clientLow(),
                key.listenerHigh(),
                key.listenerLow(),
                rest(key.clientPort(), key.listenerPort(), key.service(), key.protocol(), key.ipVersion()));
    }

    /**
     * The hash of a client's address and of what it stands for, for tables besides the flow table: those could be aimed at as well.
     */
    public int of(long clientHigh, long clientLow, long more) {
        long client = Mix.fold(clientHigh ^ key0, clientLow ^ key1);
        long both = Mix.fold(client ^ key2, more ^ key3);
        return (int) (both ^ (both >>> 32));
    }

    private int of(long clientHigh, long clientLow, long listenerHigh, long listenerLow, long rest) {
        long client = Mix.fold(clientHigh ^ key0, clientLow ^ key1);
        long listener = Mix.fold(listenerHigh ^ key2, listenerLow ^ key3);
        long both = Mix.fold(rest ^ key4, client ^ key5);
        long joined = Mix.fold(both ^ key1, listener ^ key4);
        return (int) (joined ^ (joined >>> 32));
    }

    private static long rest(long clientPort, long listenerPort, long service, long protocol, long ipVersion) {
        return (clientPort << 48) | (listenerPort << 32) | (service << 16) | (protocol << 8) | ipVersion;
    }

    /** The n-th number of SplitMix64, from 0 on. */
    private static long secret(long seed, long n) {
        return Mix.spread(seed + n * Mix.GOLDEN);
    }
}
