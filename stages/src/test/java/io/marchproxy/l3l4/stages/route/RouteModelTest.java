package io.marchproxy.l3l4.stages.route;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.marchproxy.l3l4.stages.packet.PacketDescriptor;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.Set;
import java.util.stream.Collectors;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/**
 * Random schedules of faults, and of reloads that take backends away and bring them back, in virtual time, against a model that knows only who is healthy, enabled and full: never to one that is
 * not healthy while a healthy one has room, except in panic, which is counted; never beyond a cap; and always somewhere when
 * there is somewhere.
 */
class RouteModelTest {
    private static final int STEPS = 4_000;
    private static final int RELOAD = -1;

    @ParameterizedTest
    @EnumSource(RouteAlgorithm.class)
    void shouldNeverChooseAnUnhealthyBackendWhileAHealthyOneIsThere(RouteAlgorithm algorithm) {
        for (long seed = 1; seed <= 12; seed++) {
            long used = seed;
            try {
                run(algorithm, used);
            } catch (AssertionError | RuntimeException e) {
                throw new AssertionError(algorithm + " with seed " + used, e);
            }
        }
    }

    private static void run(RouteAlgorithm algorithm, long seed) {
        Random random = new Random(seed);
        int count = 1 + random.nextInt(12);
        List<PoolMember> members = members(count, 0, random);
        int panicPercent = random.nextBoolean() ? 0 : 1 + random.nextInt(100);
        RouteChoice choice = RouteChoice.of(algorithm)
                .withSticky(random.nextInt(4) == 0)
                .withSlowStartNs(random.nextInt(3) * PoolRig.SECOND)
                .withPanicPercent(panicPercent);
        PoolRig rig = new PoolRig(choice, members, seed);
        boolean[] healthy = new boolean[count];
        Arrays.fill(healthy, true);
        int[] flows = new int[count];
        long panics = 0;
        for (int step = 0; step < STEPS; step++) {
            rig.nowNs += random.nextInt(20_000_000);
            int backend = random.nextInt(count);
            switch (random.nextInt(200) == 0 ? RELOAD : random.nextInt(12)) {
                case RELOAD -> {
                    members = members(count, 5, random);
                    Set<Integer> there =
                            members.stream().map(PoolMember::number).collect(Collectors.toSet());
                    for (int i = 0; i < count; i++) {
                        // What no pool names is taken for healthy, should it come back.
                        healthy[i] |= !there.contains(i);
                    }
                    rig.reload(choice, members);
                }
                case 0 -> {
                    healthy[backend] = random.nextInt(3) > 0 || !isThere(members, backend);
                    rig.health(backend, healthy[backend]);
                }
                case 1 -> rig.measured(backend, random.nextInt(100));
                case 2, 3, 4 -> {
                    if (flows[backend] > 0) {
                        flows[backend]--;
                        rig.states.flows().ends(backend);
                    }
                }
                default -> {
                    boolean isPanic = isPanic(members, healthy, panicPercent);
                    boolean[] mayBe = new boolean[count];
                    boolean any = false;
                    boolean anyUsable = false;
                    for (PoolMember member : members) {
                        int i = member.number();
                        boolean isUsable = member.enabled() && (isPanic || healthy[i]);
                        boolean hasRoom = member.maxConnections() == 0 || flows[i] < member.maxConnections();
                        mayBe[i] = isUsable && hasRoom;
                        anyUsable |= isUsable;
                        any |= mayBe[i];
                    }
                    int chosen = rig.flow();
                    panics += isPanic && anyUsable ? 1 : 0;
                    if (any) {
                        assertTrue(
                                chosen >= 0 && mayBe[chosen],
                                "step " + step + ": chose " + chosen + " of " + Arrays.toString(mayBe));
                        flows[chosen]++;
                        rig.states.flows().begins(chosen);
                    } else {
                        assertEquals(
                                anyUsable ? ServicePool.FULL : PacketDescriptor.NO_BACKEND, chosen, "step " + step);
                    }
                }
            }
        }
        assertEquals(panics, rig.pool.panics());
    }

    /** Backends of which one in so many is left out; 0 for none. */
    private static List<PoolMember> members(int count, int leftOut, Random random) {
        List<PoolMember> members = new ArrayList<>();
        for (int i = 0; i < count; i++) {
            if (leftOut > 0 && random.nextInt(leftOut) == 0) {
                continue;
            }
            members.add(new PoolMember(
                    i,
                    random.nextLong(),
                    random.nextInt(8) > 0,
                    random.nextInt(4),
                    random.nextInt(3) * 1_000_000_000L,
                    1 + random.nextInt(3),
                    random.nextInt(3) == 0 ? 1 + random.nextInt(20) : 0,
                    random.nextInt(3) * 0.04,
                    random.nextInt(9_000)));
        }
        return members;
    }

    private static boolean isThere(List<PoolMember> members, int backend) {
        return members.stream().anyMatch(member -> member.number() == backend);
    }

    private static boolean isPanic(List<PoolMember> members, boolean[] healthy, int panicPercent) {
        int enabled = 0;
        int well = 0;
        for (PoolMember member : members) {
            enabled += member.enabled() ? 1 : 0;
            well += member.enabled() && healthy[member.number()] ? 1 : 0;
        }
        return well * 100 < panicPercent * enabled;
    }
}
