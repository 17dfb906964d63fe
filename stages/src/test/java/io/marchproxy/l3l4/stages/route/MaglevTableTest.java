package io.marchproxy.l3l4.stages.route;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.marchproxy.l3l4.stages.flow.Mix;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class MaglevTableTest {
    private static final int FLOWS = 200_000;

    private static int[] flows(MaglevTable table, List<PoolMember> members, boolean[] mayBeUsed) {
        int[] chosen = new int[FLOWS];
        for (int i = 0; i < FLOWS; i++) {
            chosen[i] = members.get(table.walk(Mix.spread(i), mayBeUsed)).number();
        }
        return chosen;
    }

    private static boolean[] all(int count) {
        boolean[] all = new boolean[count];
        Arrays.fill(all, true);
        return all;
    }

    @ParameterizedTest
    @ValueSource(ints = {2, 3, 10, 37, 100})
    void shouldMoveFewFlowsWhenABackendLeavesTheSettings(int count) {
        List<PoolMember> members = PoolRig.equals(count);
        int[] before = flows(MaglevTable.of(members, MaglevTable.DEFAULT_SIZE), members, all(count));
        List<PoolMember> fewer = new ArrayList<>(members);
        PoolMember gone = fewer.remove(count / 2);
        int[] after = flows(MaglevTable.of(fewer, MaglevTable.DEFAULT_SIZE), fewer, all(count - 1));

        int moved = 0;
        for (int i = 0; i < FLOWS; i++) {
            assertTrue(after[i] != gone.number());
            moved += before[i] == after[i] ? 0 : 1;
        }
        double most = 1.0 / count + 0.02;
        assertTrue(moved <= most * FLOWS, "moved " + moved + " of " + FLOWS + ", at most " + most);
    }

    @ParameterizedTest
    @ValueSource(ints = {2, 10, 100})
    void shouldMoveNoOtherFlowsWhenABackendIsUnhealthy(int count) {
        List<PoolMember> members = PoolRig.equals(count);
        MaglevTable table = MaglevTable.of(members, MaglevTable.DEFAULT_SIZE);
        int[] before = flows(table, members, all(count));
        boolean[] without = all(count);
        without[1] = false;
        int[] after = flows(table, members, without);
        int[] shares = new int[count];
        for (int i = 0; i < FLOWS; i++) {
            assertTrue(before[i] == after[i] || before[i] == 1);
            shares[after[i]]++;
        }
        assertEquals(0, shares[1]);
        for (int i = 0; i < count; i++) {
            if (i != 1) {
                double wanted = (double) FLOWS / (count - 1);
                assertEquals(wanted, shares[i], wanted * 0.12 + 3 * Math.sqrt(wanted), Arrays.toString(shares));
            }
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {2, 3, 10, 37, 100})
    void shouldGiveAllEqualShares(int count) {
        MaglevTable table = MaglevTable.of(PoolRig.equals(count), MaglevTable.DEFAULT_SIZE);
        int[] places = new int[count];
        for (int i = 0; i < table.size(); i++) {
            places[table.owner(i)]++;
        }
        double wanted = (double) table.size() / count;
        for (int share : places) {
            assertEquals(wanted, share, wanted * 0.05);
        }
    }

    @Test
    void shouldGiveSharesByWeightAndNothingToAWeightOfZero() {
        MaglevTable table = MaglevTable.of(
                List.of(PoolRig.weighing(0, 1), PoolRig.weighing(1, 2.5), PoolRig.weighing(2, 0)),
                MaglevTable.DEFAULT_SIZE);
        int[] places = new int[3];
        for (int i = 0; i < table.size(); i++) {
            places[table.owner(i)]++;
        }
        assertEquals(table.size() / 3.5, places[0], table.size() / 3.5 * 0.05);
        assertEquals(0, places[2]);
    }

    /**
     * A service may have all of its traffic come so, and a look at every place would stop it. The second backend's places, which are
     * mixed with the first one's, are outside of what is given: whoever walks on throws.
     */
    @Test
    void shouldSayWithoutAWalkThatNobodyWhoMayBeUsedHasAPlace() {
        MaglevTable table = MaglevTable.of(
                List.of(PoolRig.weighing(0, 1), PoolRig.weighing(1, 0), PoolRig.weighing(2, 1)), MaglevTable.LARGEST);
        boolean[] weightless = {false, true};
        int asked = 0;
        for (int i = 0; i < FLOWS; i++) {
            if (table.owner(table.place(Mix.spread(i))) == 0) {
                assertEquals(-1, table.walk(Mix.spread(i), weightless));
                asked++;
            }
        }
        assertEquals(FLOWS / 2.0, asked, FLOWS * 0.02);
    }

    @Test
    void shouldKnowPrimes() {
        assertTrue(MaglevTable.isSize(65_537));
        assertTrue(MaglevTable.isSize(2));
        assertTrue(MaglevTable.isSize(655_373));
        assertFalse(MaglevTable.isSize(65_536));
        assertFalse(MaglevTable.isSize(1));
        assertFalse(MaglevTable.isSize(9));
    }
}
