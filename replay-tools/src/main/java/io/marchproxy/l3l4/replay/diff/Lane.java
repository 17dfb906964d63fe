package io.marchproxy.l3l4.replay.diff;

import io.marchproxy.l3l4.stages.pipeline.DropReason;
import java.util.EnumMap;
import java.util.Map;

/** What became, under one configuration, of packets that have something in common. */
final class Lane {
    private long connections;
    private long packets;
    private long bytes;
    private final long[] droppedPackets = new long[DropReason.count()];
    private long droppedBytes;
    private long waitingPackets;
    private long waitingBytes;
    private final Bill bill = new Bill();
    private final Delays delays = new Delays();
    private final Series series = new Series();

    void count(Ticket ticket, Fate fate, long releaseEpochMs) {
        bill.add(ticket.bytes, fate.costPerGb);
        if (fate.isForwarded()) {
            if (ticket.isData) {
                packets += ticket.packets;
                bytes += ticket.bytes;
                delays.add(fate.releaseNs - ticket.arrivalNs, ticket.packets);
                series.add(releaseEpochMs, ticket.bytes);
            } else {
                connections += ticket.packets;
            }
        } else if (fate.isDropped()) {
            droppedPackets[fate.reason().ordinal()] += ticket.packets;
            droppedBytes += ticket.bytes;
        } else if (fate.outcome() == Fate.WAITING) {
            waitingPackets += ticket.packets;
            waitingBytes += ticket.bytes;
        }
    }

    void add(Lane other) {
        connections += other.connections;
        packets += other.packets;
        bytes += other.bytes;
        for (int i = 0; i < droppedPackets.length; i++) {
            droppedPackets[i] += other.droppedPackets[i];
        }
        droppedBytes += other.droppedBytes;
        waitingPackets += other.waitingPackets;
        waitingBytes += other.waitingBytes;
        bill.add(other.bill);
        delays.add(other.delays);
        series.add(other.series);
    }

    Figures figures(double seconds) {
        Map<DropReason, Long> drops = new EnumMap<>(DropReason.class);
        long dropped = 0;
        for (int i = 0; i < droppedPackets.length; i++) {
            if (droppedPackets[i] != 0) {
                drops.put(DropReason.of(i), droppedPackets[i]);
                dropped += droppedPackets[i];
            }
        }
        return new Figures(
                connections,
                packets,
                bytes,
                dropped,
                droppedBytes,
                drops,
                waitingPackets,
                waitingBytes,
                delays.figures(),
                RateFigures.of(series, bytes, seconds),
                bill.cost());
    }

    Timeline timeline() {
        return series.timeline();
    }
}
