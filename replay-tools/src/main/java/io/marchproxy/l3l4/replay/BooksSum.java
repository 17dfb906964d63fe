package io.marchproxy.l3l4.replay;

import io.marchproxy.l3l4.stages.packet.Direction;
import io.marchproxy.l3l4.stages.pipeline.DropReason;
import io.marchproxy.l3l4.stages.pipeline.TrafficBooks;
import java.util.EnumMap;
import java.util.Locale;
import java.util.Map;
import java.util.StringJoiner;

/** A pipeline's books in packets, all services, classes and directions together. */
final class BooksSum {
    private static final int CLASSES = 4;

    private final Map<DropReason, Long> dropped = new EnumMap<>(DropReason.class);
    private long in;
    private long out;
    private long held;

    BooksSum(TrafficBooks books) {
        for (int service = 0; service < books.services(); service++) {
            for (int trafficClass = 0; trafficClass < CLASSES; trafficClass++) {
                for (Direction direction : Direction.values()) {
                    in += books.inPackets(service, trafficClass, direction);
                    out += books.outPackets(service, trafficClass, direction);
                    held += books.heldPackets(service, trafficClass, direction);
                    for (DropReason reason : DropReason.values()) {
                        long count = books.droppedPackets(service, trafficClass, direction, reason);
                        if (count > 0) {
                            dropped.merge(reason, count, Long::sum);
                        }
                    }
                }
            }
        }
    }

    long in() {
        return in;
    }

    long out() {
        return out;
    }

    long held() {
        return held;
    }

    Map<DropReason, Long> dropped() {
        return dropped;
    }

    private long droppedTotal() {
        return dropped.values().stream().mapToLong(Long::longValue).sum();
    }

    /** Whether every packet that came in is out, dropped or held. */
    boolean isBalanced() {
        return in == out + droppedTotal() + held;
    }

    /** The sum, as it adds up. */
    String line() {
        StringJoiner reasons = new StringJoiner(", ", " (", ")");
        reasons.setEmptyValue("");
        dropped.forEach((reason, count) -> reasons.add(String.format(Locale.ROOT, "%s %,d", reason.label(), count)));
        return String.format(
                Locale.ROOT,
                "books: in %,d %s out %,d + dropped %,d%s + held %,d",
                in,
                isBalanced() ? "=" : "≠",
                out,
                droppedTotal(),
                reasons,
                held);
    }
}
