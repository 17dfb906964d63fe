package io.marchproxy.l3l4.bench.workload;

import io.marchproxy.l3l4.stages.route.PrefixList;
import java.util.Arrays;

/**
 * What the prefix table is held against for IPv4: DIR-24-8 (Gupta, Lin and McKeown, "Routing Lookups in Hardware at Memory Access Speeds",
 * INFOCOM 1998). One array by the first 24 bits, 64 MiB of it, and blocks of 256 for what is longer.
 */
final class DirectTable {
    private static final int NONE = -1;
    private static final int DIRECT_BITS = 24;
    private static final int BLOCK = 1 << (Integer.SIZE - DIRECT_BITS);

    private final int[] direct = new int[1 << DIRECT_BITS];
    private int[] blocks = new int[BLOCK];
    private int used;

    DirectTable(PrefixList prefixes) {
        Arrays.fill(direct, NONE);
        for (int i = 0; i < prefixes.v4Size(); i++) {
            int address = (int) (prefixes.high(i) >>> Integer.SIZE);
            int length = prefixes.length(i);
            int first = address >>> (Integer.SIZE - DIRECT_BITS);
            if (length <= DIRECT_BITS) {
                Arrays.fill(direct, first, first + (1 << (DIRECT_BITS - length)), i);
            } else {
                int from = block(first) + (address & (BLOCK - 1));
                Arrays.fill(blocks, from, from + (1 << (Integer.SIZE - length)), i);
            }
        }
    }

    private int block(int first) {
        if (direct[first] >= NONE) {
            if (used == blocks.length) {
                blocks = Arrays.copyOf(blocks, 2 * used);
            }
            Arrays.fill(blocks, used, used + BLOCK, direct[first]);
            direct[first] = NONE - 1 - used;
            used += BLOCK;
        }
        return NONE - 1 - direct[first];
    }

    int find(int address) {
        int cell = direct[address >>> (Integer.SIZE - DIRECT_BITS)];
        return cell >= NONE ? cell : blocks[NONE - 1 - cell + (address & (BLOCK - 1))];
    }
}
