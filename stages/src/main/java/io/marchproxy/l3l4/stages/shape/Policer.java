package io.marchproxy.l3l4.stages.shape;

import io.marchproxy.l3l4.stages.packet.CacheLines;
import io.marchproxy.l3l4.stages.packet.IpPacket;
import io.marchproxy.l3l4.stages.packet.PacketDescriptor;
import io.marchproxy.l3l4.stages.pipeline.DropReason;
import io.marchproxy.l3l4.stages.pipeline.StateReader;
import io.marchproxy.l3l4.stages.pipeline.StateWriter;
import io.marchproxy.l3l4.stages.pipeline.Verdict;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import org.jspecify.annotations.Nullable;

/** One rule's meter in one direction, with this shard's share of its rates, and what it counted. One thread writes. */
final class Policer {
    private static final int COLUMNS = 2;
    private static final VarHandle CELL = MethodHandles.arrayElementVarHandle(long[].class);

    /** Packets and bytes by color, with free ends: the neighbours in the heap are other writers'. */
    private final long[] counts = new long[2 * CacheLines.PADDING_LONGS + Color.values().length * COLUMNS];

    private PoliceSettings settings;
    private @Nullable SingleRateMeter singleRate;
    private @Nullable TwoRateMeter twoRate;
    private final Share share = new Share();

    Policer(PoliceSettings settings, int shards, long nowNs) {
        this.settings = settings;
        share.among(shards);
        meter(nowNs);
    }

    /** Takes over other settings; a meter of the same kind keeps what was earned. */
    void set(PoliceSettings next, int shards, long nowNs) {
        settings = next;
        share.among(shards);
        meter(nowNs);
    }

    boolean isInForce() {
        return singleRate != null || twoRate != null;
    }

    /** No rule has it any more. What it counted stays; when one has it again it begins with full buckets and an even share. */
    void retire() {
        singleRate = null;
        twoRate = null;
        share.forget();
    }

    /** Takes over this shard's share, in {@link ShareOf#WHOLE}ths. */
    void share(int told, long nowNs) {
        share.tell(told);
        meter(nowNs);
    }

    private void meter(long nowNs) {
        RateLimit committed = settings.committed();
        RateLimit peak = settings.peak();
        SingleRateMeter single = singleRate;
        TwoRateMeter two = twoRate;
        if (peak.isSet()) {
            singleRate = null;
            if (two == null) {
                two = new TwoRateMeter(
                        peak.bitsPerSecond(),
                        peak.burstBytes(),
                        committed.bitsPerSecond(),
                        committed.burstBytes(),
                        nowNs);
                twoRate = two;
            }
            two.change(
                    share.part(peak.bitsPerSecond()),
                    share.part(peak.burstBytes()),
                    share.part(committed.bitsPerSecond()),
                    share.part(committed.burstBytes()),
                    nowNs);
        } else {
            twoRate = null;
            if (single == null) {
                single = new SingleRateMeter(
                        committed.bitsPerSecond(), committed.burstBytes(), settings.excessBytes(), nowNs);
                singleRate = single;
            }
            single.change(
                    share.part(committed.bitsPerSecond()),
                    share.part(committed.burstBytes()),
                    share.part(settings.excessBytes()),
                    nowNs);
        }
    }

    /**
     * Meters a packet, and does with it what its color asks for. Where it may drop, streams pass: no byte can be dropped out of one,
     * and what can't be dropped is not to use up what others may have.
     */
    Verdict process(PacketDescriptor packet, long nowNs) {
        if (settings.drops() && packet.protocol() == IpPacket.TCP && !packet.isIpPacket()) {
            return Verdict.CONTINUE;
        }
        Color color = color(packet.lengthBytes(), nowNs);
        int column = CacheLines.PADDING_LONGS + color.ordinal() * COLUMNS;
        CELL.setOpaque(counts, column, counts[column] + packet.packets());
        CELL.setOpaque(counts, column + 1, counts[column + 1] + packet.lengthBytes());
        int action = switch (color) {
            case GREEN -> settings.conform();
            case YELLOW -> settings.exceed();
            case RED -> settings.violate();
        };
        if (action == PoliceSettings.DROP) {
            return DropReason.POLICED.drop(packet);
        }
        if (action != PoliceSettings.PASS) {
            packet.egressDscp(action);
        }
        return Verdict.CONTINUE;
    }

    private Color color(int bytes, long nowNs) {
        TwoRateMeter two = twoRate;
        if (two != null) {
            return two.police(bytes, nowNs);
        }
        SingleRateMeter single = singleRate;
        Color color = single == null ? Color.GREEN : single.police(bytes, nowNs);
        return color == Color.RED && settings.hasTwoColors() ? Color.YELLOW : color;
    }

    long packets(Color color) {
        return (long) CELL.getOpaque(counts, CacheLines.PADDING_LONGS + color.ordinal() * COLUMNS);
    }

    long bytes(Color color) {
        return (long) CELL.getOpaque(counts, CacheLines.PADDING_LONGS + color.ordinal() * COLUMNS + 1);
    }

    /** Writes what later decisions depend on. */
    void save(StateWriter to) {
        share.save(to);
        if (twoRate != null) {
            twoRate.save(to);
        } else if (singleRate != null) {
            singleRate.save(to);
        }
    }

    /** Takes over what was saved of a policer with these settings. */
    void restore(StateReader from) {
        share.restore(from);
        meter(0);
        if (twoRate != null) {
            twoRate.restore(from);
        } else if (singleRate != null) {
            singleRate.restore(from);
        }
    }
}
