package io.marchproxy.l3l4.replay;

import io.marchproxy.l3l4.stages.packet.ParseResult;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/** What captures held, counted frame by frame: each is an IP packet, or was passed over for a reason. */
final class CaptureCounts {
    /** Kinds of frames that are named; of ethertypes alone there are 64,000. */
    private static final int SHOWN = 20;

    private final Map<String, Long> passedOver = new TreeMap<>();
    private final Map<ParseResult, Long> malformed = new EnumMap<>(ParseResult.class);
    private @Nullable String unknownLink;
    private long frames;
    private long packets;
    private long bytes;
    private long cut;
    private long badChecksums;
    private long withoutLength;
    private long outOfOrder;
    private long withoutTime;
    private long leaps;

    /** A frame was read. */
    void frame() {
        frames++;
    }

    /** It carries no IP packet. */
    void passedOver(String why) {
        passedOver.merge(why, 1L, Long::sum);
    }

    /** It carries an IP packet of so many bytes. */
    void packet(ParseResult result, int lengthBytes) {
        packets++;
        bytes += lengthBytes;
        if (result == ParseResult.SNAPPED) {
            cut++;
        } else if (!result.isReadable()) {
            malformed.merge(result, 1L, Long::sum);
        }
    }

    /** The packet's IPv4 header has a checksum that is not right. */
    void badChecksum() {
        badChecksums++;
    }

    /** The packet's header says no length; it has the frame's. */
    void withoutLength() {
        withoutLength++;
    }

    /** The packet is older than one before it. */
    void outOfOrder() {
        outOfOrder++;
    }

    /** The time of the packet is years from that of the one before it. */
    void leap() {
        leaps++;
    }

    /** The packet has no time of its own. */
    void withoutTime() {
        withoutTime++;
    }

    /** Frames so far. */
    long frames() {
        return frames;
    }

    /** Frames without an IP packet so far. */
    long passedOver() {
        return passedOver.values().stream().mapToLong(Long::longValue).sum();
    }

    /** IP packets so far, malformed ones included. */
    long packets() {
        return packets;
    }

    /** Notes that frames of a link type can't be read here. */
    void unknownLink(String what) {
        passedOver(what);
        unknownLink = what;
    }

    /** Why there is nothing, when that is for a link type; null otherwise. */
    @Nullable
    String unreadable() {
        return packets == 0 ? unknownLink : null;
    }

    /** For the user. */
    List<String> lines() {
        List<String> lines = new ArrayList<>();
        lines.add(String.format(Locale.ROOT, "frames %,d, IP packets %,d of %,d bytes", frames, packets, bytes));
        passedOver.entrySet().stream()
                .sorted(Map.Entry.<String, Long>comparingByValue().reversed().thenComparing(Map.Entry.comparingByKey()))
                .limit(SHOWN)
                .forEach(entry ->
                        lines.add(String.format(Locale.ROOT, "passed over: %s %,d", entry.getKey(), entry.getValue())));
        if (passedOver.size() > SHOWN) {
            lines.add(String.format(Locale.ROOT, "passed over: %,d other kinds", passedOver.size() - SHOWN));
        }
        malformed.forEach((why, count) -> lines.add(String.format(
                Locale.ROOT,
                "malformed: %s %,d",
                why.name().toLowerCase(Locale.ROOT).replace('_', '-'),
                count)));
        add(lines, "captured in part", cut);
        add(lines, "IPv4 header with a wrong checksum", badChecksums);
        add(lines, "without a length in the header, as long as captured (segmentation offload)", withoutLength);
        add(lines, "out of order", outOfOrder);
        add(lines, "without a time", withoutTime);
        add(lines, "leaps of half a year and more in the times, left out", leaps);
        return lines;
    }

    private static void add(List<String> lines, String what, long count) {
        if (count > 0) {
            lines.add(String.format(Locale.ROOT, "%s: %,d", what, count));
        }
    }
}
