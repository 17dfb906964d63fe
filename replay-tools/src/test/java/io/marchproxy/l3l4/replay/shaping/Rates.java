package io.marchproxy.l3l4.replay.shaping;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

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

    private static final long NOBODY_YET = Long.MIN_VALUE;

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

    /** Not one packet ends a window in which more left than burst + rate × t. */
    static void assertWithin(Stream<Packet> left, long rate, long burst) {
        long excess = worstExcess(left, rate);
        assertTrue(excess <= burst, excess + " bytes at once, more than the burst of " + burst);
    }

    /** All of the rate while something waits, but for the packet that each such time ends amid; and within what is asked for. */
    static void assertRate(Saturated waits, long rate, long largest) {
        System.out.printf(
                "%d bit/s: %+.5f %% over %.2f s in %d times%n",
                rate, 100 * (waits.rate() / rate - 1), waits.seconds(), waits.times());
        assertTrue(waits.seconds() > 1, waits::toString);
        assertEquals(0, waits.offBytes(rate), (double) waits.times() * largest, waits::toString);
        assertEquals(1, waits.rate() / rate, 0.005, waits::toString);
    }

    /** Jain's index of fairness: 1 when all have the same, 1/n when one has everything. */
    static double jain(List<Long> shares) {
        double sum = shares.stream().mapToDouble(Long::doubleValue).sum();
        double squares =
                shares.stream().mapToDouble(share -> (double) share * share).sum();
        return sum * sum / (shares.size() * squares);
    }

    /**
     * The times in which everybody of several had something waiting, and what each sent then. Each begins and ends as a packet leaves, and
     * the first packet's bytes do not count: a bucket that something waits for all the time lets the next packet go when it has earned its
     * bytes, so what counts is what was earned in between, but for one packet (the largest less the first, where they are of several lengths).
     *
     * @param times how many
     * @param seconds that they add up to
     * @param bytes by who
     */
    record Saturated(int times, double seconds, List<Long> bytes) {
        /** Bits per second. */
        double rate(int who) {
            return bytes.get(who) * 8 / seconds;
        }

        double rate() {
            return allBytes() * 8 / seconds;
        }

        long allBytes() {
            return bytes.stream().mapToLong(Long::longValue).sum();
        }

        /** By how many bytes all of them together were off from a rate. */
        double offBytes(long rateBitsPerSecond) {
            return allBytes() - rateBitsPerSecond / 8.0 * seconds;
        }

        /** By how many bytes one was. */
        double offBytes(int who, long rateBitsPerSecond) {
            return bytes.get(who) - rateBitsPerSecond / 8.0 * seconds;
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
        int[] waiting = new int[count];
        long[] bytes = new long[count];
        int idle = count;
        int times = 0;
        long ns = 0;
        long sinceNs = 0;
        long leftNs = NOBODY_YET;
        for (Change change : changes(packets, who)) {
            if (change.waiting() < 0 && idle == 0 && change.atNs() >= fromNs && change.atNs() - sinceNs >= settleNs) {
                if (leftNs == NOBODY_YET) {
                    times++;
                } else {
                    ns += change.atNs() - leftNs;
                    bytes[change.who()] += change.bytes();
                }
                leftNs = change.atNs();
            }
            if (waiting[change.who()] == 0) {
                idle--;
                sinceNs = change.atNs();
            }
            waiting[change.who()] += change.waiting();
            if (waiting[change.who()] == 0) {
                idle++;
                leftNs = NOBODY_YET;
            }
        }
        return new Saturated(times, ns * 1e-9, Arrays.stream(bytes).boxed().toList());
    }

    private static List<Change> changes(List<Packet> packets, ToIntFunction<Packet> who) {
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
        return changes;
    }

    private record Change(long atNs, int who, int waiting, int bytes) {}
}
