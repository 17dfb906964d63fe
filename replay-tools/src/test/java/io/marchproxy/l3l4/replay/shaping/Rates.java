package io.marchproxy.l3l4.replay.shaping;

import io.marchproxy.l3l4.replay.shaping.Decided.Packet;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.function.ToIntFunction;
import java.util.stream.Stream;

/** What can be said of packets that left, exactly: integers of bits times nanoseconds. */
final class Rates {
    /** To a byte. */
    private static final long UNITS = 8_000_000_000L;

    private Rates() {}

    /**
     * The most by which the packets of any window exceed what the rate brings in it, in bytes, rounded up: what a burst has to cover. The
     * window that begins and the window that ends with each packet are looked at, so all that matter.
     *
     * @param packets in the order in which they left
     */
    static long worstExcess(Stream<Packet> packets, long rateBitsPerSecond) {
        long[] sums = {0, Long.MAX_VALUE, 0, Long.MIN_VALUE};
        packets.forEach(packet -> {
            if (sums[3] == Long.MIN_VALUE) {
                sums[3] = packet.leftNs();
            }
            long brought = (packet.leftNs() - sums[3]) * rateBitsPerSecond;
            sums[1] = Math.min(sums[1], sums[0] - brought);
            sums[0] += packet.bytes() * UNITS;
            sums[2] = Math.max(sums[2], sums[0] - brought - sums[1]);
        });
        return Math.ceilDiv(sums[2], UNITS);
    }

    /** Jain's index of fairness: 1 when all have the same, 1/n when one has everything. */
    static double jain(List<Long> shares) {
        double sum = shares.stream().mapToDouble(Long::doubleValue).sum();
        double squares =
                shares.stream().mapToDouble(share -> (double) share * share).sum();
        return sum * sum / (shares.size() * squares);
    }

    /**
     * The times in which everybody of several had something waiting, and what each sent then.
     *
     * @param seconds that these times add up to
     * @param bytes by who
     */
    record Saturated(double seconds, List<Long> bytes) {
        /** Bits per second. */
        double rate(int who) {
            return bytes.get(who) * 8 / seconds;
        }

        double rate() {
            double sum = 0;
            for (int who = 0; who < bytes.size(); who++) {
                sum += rate(who);
            }
            return sum;
        }
    }

    /**
     * Finds those times.
     *
     * @param count of who there is
     * @param who a packet is of, from 0
     * @param fromNs what is before does not count
     * @param settleNs nor does so much of each such time's begin, in which bursts are used up
     */
    static Saturated saturated(List<Packet> packets, int count, ToIntFunction<Packet> who, long fromNs, long settleNs) {
        List<Change> changes = new ArrayList<>();
        for (Packet packet : packets) {
            if (packet.hasWaited()) {
                changes.add(new Change(packet.arrivalNs(), who.applyAsInt(packet), 1, 0));
                if (packet.hasLeft()) {
                    changes.add(new Change(packet.leftNs(), who.applyAsInt(packet), -1, packet.bytes()));
                }
            }
        }
        changes.sort(Comparator.comparingLong(Change::atNs).thenComparingInt(change -> -change.waiting()));
        int[] waiting = new int[count];
        long[] bytes = new long[count];
        int idle = count;
        long ns = 0;
        long beforeNs = 0;
        long sinceNs = 0;
        for (Change change : changes) {
            if (idle == 0 && beforeNs >= fromNs && beforeNs - sinceNs >= settleNs) {
                ns += change.atNs() - beforeNs;
                bytes[change.who()] += change.bytes();
            }
            beforeNs = change.atNs();
            if (waiting[change.who()] == 0) {
                idle--;
                sinceNs = change.atNs();
            }
            waiting[change.who()] += change.waiting();
            if (waiting[change.who()] == 0) {
                idle++;
            }
        }
        return new Saturated(ns * 1e-9, Arrays.stream(bytes).boxed().toList());
    }

    private record Change(long atNs, int who, int waiting, int bytes) {}
}
