package io.marchproxy.l3l4.replay.diff;

/** What bytes cost. Bytes are summed as long as the price stays, so that a million small sums lose nothing to rounding. */
final class Bill {
    private static final double BYTES_PER_GB = 1e9;

    private double earlier;
    private double costPerGb;
    private long bytes;

    void add(long moreBytes, double perGb) {
        if (perGb == 0) {
            return;
        }
        if (perGb != costPerGb) {
            earlier = cost();
            bytes = 0;
            costPerGb = perGb;
        }
        bytes += moreBytes;
    }

    void add(Bill other) {
        earlier += other.cost();
    }

    /** In the currency that the prices are in. */
    double cost() {
        return earlier + bytes * costPerGb / BYTES_PER_GB;
    }
}
