package io.marchproxy.l3l4.engine.shard;

import io.marchproxy.l3l4.stages.packet.Direction;
import io.marchproxy.l3l4.stages.shape.RateLimit;
import io.marchproxy.l3l4.stages.shape.ServiceLimits;
import io.marchproxy.l3l4.stages.shape.ShapeSettings;
import io.marchproxy.l3l4.stages.shape.ShareOf;
import java.util.Arrays;

/**
 * How large a piece of a stream may be for all of the shard's limits to let it pass out of their bursts. A stream has no packets of its own:
 * what is read at once leaves at once, and were it larger than a burst, the bucket would have to go into debt for it. A piece is
 * a part of the burst: were it all of it, one piece that leaves late and the next that does not would be twice the burst on the wire. So three
 * quarters of the burst are left for what a machine is late by.
 *
 * <p>The event loop's thread, which learns of new settings and shares before what it reads thereafter reaches the stages.
 */
public final class Bursts {
    /** A burst is so many pieces. */
    private static final int PARTS = 4;

    /**
     * A piece may be so large though a part of a burst is less: smaller ones are mostly headers, and a shard without traffic has next to no
     * share of a burst. But it is no larger than the whole burst.
     */
    static final int LEAST_PIECE = 2 << 10;

    private static final int CLASSES = 4;
    private static final int DIRECTIONS = 2;
    private static final int NOT_TOLD = -1;

    /** What a limit lets pass at once, and this shard's share of it. */
    private static final class Burst {
        private RateLimit whole = RateLimit.NONE;
        private int evenly = ShareOf.WHOLE;
        private int told = NOT_TOLD;
        private int bytes = Integer.MAX_VALUE;

        void apply(RateLimit limit, int shards) {
            whole = limit;
            evenly = ShareOf.WHOLE / shards;
            count();
        }

        void share(int share) {
            told = Math.clamp(share, 1, ShareOf.WHOLE);
            count();
        }

        private void count() {
            if (whole.isSet()) {
                bytes = piece(whole.burstBytes(), told == NOT_TOLD ? evenly : told);
            } else {
                bytes = Integer.MAX_VALUE;
            }
        }
    }

    private static int piece(long burstBytes, int share) {
        return (int) Math.max(burstBytes * share / ShareOf.WHOLE / PARTS, Math.min(burstBytes, LEAST_PIECE));
    }

    private final Burst[] link = bursts(DIRECTIONS);
    private final Burst[] classes = bursts(CLASSES * DIRECTIONS);
    private Burst[] services = {};

    /** Of the ceilings for each client and connection, which every shard holds whole. By cell, as {@link #services}. */
    private int[] each = {};

    Bursts(ShapeSettings settings) {
        apply(settings);
    }

    /** The largest piece, in bytes, of a service and class in a direction; {@code Integer.MAX_VALUE} where nothing is limited. */
    public int largestPiece(int service, int trafficClass, Direction direction) {
        int least = Math.min(link[direction.ordinal()].bytes, classes[cell(trafficClass, direction)].bytes);
        int cell = cell(service, direction);
        return cell < services.length ? Math.min(least, Math.min(services[cell].bytes, each[cell])) : least;
    }

    void apply(ShapeSettings settings) {
        int shards = settings.shards();
        grow(settings.services().size());
        for (Direction direction : Direction.values()) {
            link[direction.ordinal()].apply(settings.link(), shards);
            for (int i = 0; i < CLASSES; i++) {
                classes[cell(i, direction)].apply(settings.classes().get(i).ceiling(), shards);
            }
            for (int i = 0; i < services.length / DIRECTIONS; i++) {
                ServiceLimits limits =
                        i < settings.services().size() ? settings.services().get(i) : ServiceLimits.NONE;
                each[cell(i, direction)] = limits.isSharing()
                        ? each[cell(limits.sharesWith(), direction)]
                        : ofEach(limits.each().leastBurstBytes(direction));
                if (limits.isSharing()) {
                    services[cell(i, direction)] = services[cell(limits.sharesWith(), direction)];
                } else {
                    services[cell(i, direction)].apply(limits.of(direction), shards);
                }
            }
        }
    }

    void share(Direction direction, ShareOf of, int which, int share) {
        switch (of) {
            case LINK -> link[direction.ordinal()].share(share);
            case CLASS -> classes[cell(which, direction)].share(share);
            case SERVICE -> {
                grow(which + 1);
                services[cell(which, direction)].share(share);
            }
            case POLICER -> {
                // Drops or marks, and leaves no piece of a stream waiting.
            }
        }
    }

    private static int ofEach(int burstBytes) {
        return burstBytes == Integer.MAX_VALUE ? burstBytes : piece(burstBytes, ShareOf.WHOLE);
    }

    private void grow(int known) {
        int before = services.length;
        if (known * DIRECTIONS > before) {
            services = Arrays.copyOf(services, known * DIRECTIONS);
            each = Arrays.copyOf(each, services.length);
            Arrays.fill(each, before, each.length, Integer.MAX_VALUE);
            for (int i = before; i < services.length; i++) {
                services[i] = new Burst();
            }
        }
    }

    private static int cell(int number, Direction direction) {
        return number * DIRECTIONS + direction.ordinal();
    }

    private static Burst[] bursts(int count) {
        Burst[] all = new Burst[count];
        Arrays.setAll(all, i -> new Burst());
        return all;
    }
}
