package io.marchproxy.l3l4.stages.classify;

import io.marchproxy.l3l4.stages.flow.FlowEntry;
import io.marchproxy.l3l4.stages.flow.FlowHash;
import io.marchproxy.l3l4.stages.flow.FlowLayout;
import io.marchproxy.l3l4.stages.flow.FlowTable;
import io.marchproxy.l3l4.stages.packet.Memory;

/**
 * How many connections and UDP sessions each client's address has open on this shard: a hash table with linear probing, in which
 * removal moves what follows up (Knuth, "The Art of Computer Programming", 3, 6.4, algorithm R). There is one place for each
 * address that has a flow, so it is bounded as the flow table is. It follows from the flow table, and is not saved. One thread.
 */
final class ClientFlows {
    private static final int FIRST_PLACES = 64;

    /** Stands before an IPv4 address: no IPv6 address that is anybody's begins so. */
    private static final long V4 = -1;

    private final FlowHash hash;
    private long[] highs = new long[FIRST_PLACES];
    private long[] lows = new long[FIRST_PLACES];

    /** 0 where nothing stands. */
    private int[] counts = new int[FIRST_PLACES];

    private int size;

    private ClientFlows(FlowHash hash) {
        this.hash = hash;
    }

    /** Counts the flows that there are, but those of services that take IP packets. */
    static ClientFlows of(FlowTable flows, ServiceState[] services) {
        ClientFlows all = new ClientFlows(flows.hash());
        int slots = flows.slots();
        for (int slot = 0; slot < slots; slot++) {
            long entry = flows.entry(flows.refAt(slot));
            if (entry != 0 && !services[FlowEntry.service(entry)].profile().isIp()) {
                all.add(entry);
            }
        }
        return all;
    }

    /** Flows of an address. */
    int count(int ipVersion, long high, long low) {
        return counts[place(ipVersion == 4 ? V4 : high, low)];
    }

    /** Flows of the client of the flow in an entry. */
    int count(long entry) {
        return counts[place(high(entry), low(entry))];
    }

    /** A flow has begun. */
    void add(long entry) {
        if (2 * (size + 1) > counts.length) {
            grow();
        }
        long high = high(entry);
        long low = low(entry);
        int place = place(high, low);
        if (counts[place]++ == 0) {
            highs[place] = high;
            lows[place] = low;
            size++;
        }
    }

    /** A flow that was added ends. */
    void remove(long entry) {
        int place = place(high(entry), low(entry));
        if (counts[place] > 0 && --counts[place] == 0) {
            size--;
            close(place);
        }
    }

    /** Addresses that have flows. */
    int size() {
        return size;
    }

    private void close(int emptied) {
        int gap = emptied;
        int mask = counts.length - 1;
        for (int place = (gap + 1) & mask; counts[place] != 0; place = (place + 1) & mask) {
            int home = home(highs[place], lows[place]);
            if (((place - home) & mask) >= ((place - gap) & mask)) {
                highs[gap] = highs[place];
                lows[gap] = lows[place];
                counts[gap] = counts[place];
                counts[place] = 0;
                gap = place;
            }
        }
    }

    /** Where an address stands, or would. */
    private int place(long high, long low) {
        int mask = counts.length - 1;
        int place = home(high, low);
        while (counts[place] != 0 && (lows[place] != low || highs[place] != high)) {
            place = (place + 1) & mask;
        }
        return place;
    }

    private int home(long high, long low) {
        return hash.of(high, low, 0) & (counts.length - 1);
    }

    private void grow() {
        long[] oldHighs = highs;
        long[] oldLows = lows;
        int[] oldCounts = counts;
        highs = new long[2 * oldCounts.length];
        lows = new long[2 * oldCounts.length];
        counts = new int[2 * oldCounts.length];
        for (int i = 0; i < oldCounts.length; i++) {
            if (oldCounts[i] != 0) {
                int place = place(oldHighs[i], oldLows[i]);
                highs[place] = oldHighs[i];
                lows[place] = oldLows[i];
                counts[place] = oldCounts[i];
            }
        }
    }

    private static long high(long entry) {
        return Memory.getByte(entry + FlowLayout.IP_VERSION) == 4 ? V4 : Memory.getLong(entry + FlowLayout.CLIENT_HIGH);
    }

    private static long low(long entry) {
        return Memory.getLong(entry + FlowLayout.CLIENT_LOW);
    }
}
