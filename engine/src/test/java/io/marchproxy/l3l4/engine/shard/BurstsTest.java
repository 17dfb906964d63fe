package io.marchproxy.l3l4.engine.shard;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.marchproxy.l3l4.config.settings.ShapingSettings;
import io.marchproxy.l3l4.stages.packet.Direction;
import io.marchproxy.l3l4.stages.shape.ClassLimits;
import io.marchproxy.l3l4.stages.shape.EachLimits;
import io.marchproxy.l3l4.stages.shape.RateLimit;
import io.marchproxy.l3l4.stages.shape.ServiceLimits;
import io.marchproxy.l3l4.stages.shape.ShapeSettings;
import io.marchproxy.l3l4.stages.shape.ShareOf;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class BurstsTest {
    private static final int NO_LIMIT = Integer.MAX_VALUE;
    private static final ClassLimits FREE = new ClassLimits(100, RateLimit.NONE);
    private static final RateLimit LINK = new RateLimit(1_000_000_000, 500_000);
    private static final RateLimit P3 = new RateLimit(100_000_000, 50_000);
    private static final int LARGE_PIECE = 32 << 10;
    private static final RateLimit SERVICE = new RateLimit(8_000_000, 20_000);

    private static ShapeSettings settings(int shards) {
        return new ShapeSettings(
                LINK,
                List.of(FREE, FREE, FREE, new ClassLimits(100, P3)),
                List.of(
                        ServiceLimits.NONE,
                        new ServiceLimits(SERVICE, RateLimit.NONE, SERVICE),
                        ServiceLimits.sharing(1)),
                shards);
    }

    @Test
    void shouldKnowNoBoundWithoutALimit() {
        Bursts bursts = new Bursts(new ShapeSettings(1, 1, 1, 1));

        assertEquals(NO_LIMIT, bursts.largestPiece(0, 0, Direction.TO_BACKEND));
        assertEquals(NO_LIMIT, bursts.largestPiece(70, 3, Direction.TO_CLIENT));
    }

    @Test
    void shouldTakeTheLeastBurstOfAllLimitsThatAPieceMeets() {
        Bursts bursts = new Bursts(settings(1));

        assertEquals(125_000, bursts.largestPiece(0, 0, Direction.TO_BACKEND), "the link's");
        assertEquals(12_500, bursts.largestPiece(0, 3, Direction.TO_BACKEND), "its class's");
        assertEquals(125_000, bursts.largestPiece(1, 0, Direction.TO_BACKEND), "a guarantee is none");
        assertEquals(5_000, bursts.largestPiece(1, 3, Direction.TO_CLIENT), "its service's, in one direction");
        assertEquals(5_000, bursts.largestPiece(2, 3, Direction.TO_CLIENT), "that of whom it shares with");
        assertEquals(12_500, bursts.largestPiece(9, 3, Direction.TO_CLIENT), "a service without a limit");
    }

    @Test
    void shouldTakeTheBurstOfACeilingForEachWhole() {
        EachLimits each = new EachLimits(P3, RateLimit.NONE, new RateLimit(1_000_000, 16_384), RateLimit.NONE);
        Bursts bursts = new Bursts(new ShapeSettings(
                RateLimit.NONE, List.of(FREE, FREE, FREE, FREE), List.of(ServiceLimits.NONE.with(each)), 4));

        assertEquals(4_096, bursts.largestPiece(0, 0, Direction.TO_BACKEND));
        assertEquals(NO_LIMIT, bursts.largestPiece(0, 0, Direction.TO_CLIENT));
    }

    /** What docs/QOS.md says of splicing: pieces of 32 KiB, that is usual bursts of so many Mbit/s for each shard with an even part. */
    @ParameterizedTest
    @CsvSource({"1, 262.144", "2, 524.288", "4, 1048.576", "8, 2097.152"})
    void shouldHaveALargePieceFromARateOnThatGrowsWithTheShards(int shards, double mbits) {
        long rate = Math.round(mbits * 1e6);
        assertEquals(LARGE_PIECE, pieceAt(rate, shards, ShareOf.WHOLE / shards));
        assertTrue(pieceAt(rate - 2_000L * shards, shards, ShareOf.WHOLE / shards) < LARGE_PIECE);
        assertEquals(LARGE_PIECE, pieceAt(262_144_000, shards, ShareOf.WHOLE), "all of it is where the traffic is");
    }

    @Test
    void shouldHaveNoLargePieceOfAnEvenPartOfTheUsualBurstAmongMoreThanEightShards() {
        assertTrue(pieceAt(400_000_000_000L, 9, ShareOf.WHOLE / 9) < LARGE_PIECE);
    }

    private static int pieceAt(long rate, int shards, int share) {
        RateLimit limit = new RateLimit(rate, ShapingSettings.usualBurst(rate));
        Bursts bursts = new Bursts(new ShapeSettings(
                RateLimit.NONE,
                List.of(FREE, FREE, FREE, FREE),
                List.of(new ServiceLimits(limit, RateLimit.NONE, limit)),
                shards));
        bursts.share(Direction.TO_CLIENT, ShareOf.SERVICE, 0, share);
        return bursts.largestPiece(0, 0, Direction.TO_CLIENT);
    }

    @Test
    void shouldFollowTheShardsShare() {
        Bursts bursts = new Bursts(settings(4));
        assertEquals(Bursts.LEAST_PIECE, bursts.largestPiece(1, 0, Direction.TO_CLIENT));

        bursts.share(Direction.TO_CLIENT, ShareOf.SERVICE, 1, ShareOf.WHOLE / 2);
        assertEquals(2_500, bursts.largestPiece(1, 0, Direction.TO_CLIENT));
        assertEquals(2_500, bursts.largestPiece(2, 0, Direction.TO_CLIENT));

        bursts.share(Direction.TO_CLIENT, ShareOf.SERVICE, 1, 1);
        assertEquals(Bursts.LEAST_PIECE, bursts.largestPiece(1, 0, Direction.TO_CLIENT), "some of it in any case");

        bursts.share(Direction.TO_CLIENT, ShareOf.LINK, 0, ShareOf.WHOLE / 8);
        bursts.share(Direction.TO_CLIENT, ShareOf.CLASS, 3, ShareOf.WHOLE / 5);
        assertEquals(15_625, bursts.largestPiece(0, 0, Direction.TO_CLIENT));
        assertEquals(2_500, bursts.largestPiece(0, 3, Direction.TO_CLIENT), 1.0);
        assertEquals(31_250, bursts.largestPiece(0, 0, Direction.TO_BACKEND), "the other way is as it was");
    }

    @Test
    void shouldFollowNewSettingsAndKeepTheShareThatItWasTold() {
        Bursts bursts = new Bursts(new ShapeSettings(1, 1, 1, 1));

        bursts.share(Direction.TO_CLIENT, ShareOf.SERVICE, 1, ShareOf.WHOLE / 2);
        assertEquals(NO_LIMIT, bursts.largestPiece(1, 0, Direction.TO_CLIENT));
        bursts.apply(settings(4));
        assertEquals(2_500, bursts.largestPiece(1, 0, Direction.TO_CLIENT));
        bursts.apply(new ShapeSettings(1, 1, 1, 1));
        assertEquals(NO_LIMIT, bursts.largestPiece(1, 0, Direction.TO_CLIENT));
    }

    /** A burst of its own that is less than what any share has in any case. */
    @Test
    void shouldNeverExceedTheWholeBurst() {
        RateLimit small = new RateLimit(8_000_000, 1_500);
        Bursts bursts = new Bursts(new ShapeSettings(small, List.of(FREE, FREE, FREE, FREE), List.of(), 2));

        assertEquals(1_500, bursts.largestPiece(0, 0, Direction.TO_BACKEND));
    }
}
