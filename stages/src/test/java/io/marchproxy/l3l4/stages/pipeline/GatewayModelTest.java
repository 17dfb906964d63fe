package io.marchproxy.l3l4.stages.pipeline;

import static io.marchproxy.l3l4.stages.pipeline.TestSettings.SECOND_NS;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.marchproxy.l3l4.stages.classify.ServiceProfile;
import io.marchproxy.l3l4.stages.flow.Mix;
import io.marchproxy.l3l4.stages.packet.DescriptorFlags;
import io.marchproxy.l3l4.stages.packet.EventKind;
import io.marchproxy.l3l4.stages.packet.PacketDescriptor;
import io.marchproxy.l3l4.stages.route.BackendPool;
import io.marchproxy.l3l4.stages.route.GatewaySet;
import io.marchproxy.l3l4.stages.route.PoolMember;
import io.marchproxy.l3l4.stages.route.PrefixList;
import io.marchproxy.l3l4.stages.route.PrefixRoutes;
import io.marchproxy.l3l4.stages.route.RouteAlgorithm;
import io.marchproxy.l3l4.stages.route.RouteChoice;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.TreeMap;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/**
 * Random faults of gateways and random reloads of prefixes in virtual time, against a model that looks at each prefix in turn: a flow goes on
 * where it is as long as that is healthy and, once after a reload of other routes, its destination leads there; else to a gateway of the
 * longest prefix that has a healthy one; and nowhere only where there is none.
 */
class GatewayModelTest {
    private static final int IP = 4;
    private static final int FIRST = 30;
    private static final int GATEWAYS = 6;
    private static final int TABLE_SIZE = 251;
    private static final int STEPS = 2_000;
    private static final int[] DESTINATIONS = {0x0a000001, 0x0a010001, 0x0a010201, 0x0a020101, 0x0b000001, 0x0a010202};
    private static final int[] LENGTHS = {0, 7, 8, 15, 16, 23, 24, 31, 32};

    /** What is configured. Sets name gateways by their numbers. */
    private record Routes(
            List<Integer> gateways,
            List<Integer> disabled,
            Map<Prefix, Integer> prefixes,
            List<List<Integer>> sets,
            RouteChoice choice) {
        private PipelineSettings settings(long version) {
            List<PoolMember> members = new ArrayList<>();
            for (int number : gateways) {
                members.add(new PoolMember(
                        number, Mix.spread(number), !disabled.contains(number), 1, 0, 1, 0, number, 10.0 * number));
            }
            PrefixList.Builder list = new PrefixList.Builder();
            prefixes.forEach((prefix, set) -> list.add(4, (long) prefix.bits() << 32, 0, prefix.length(), set));
            List<GatewaySet> positions = sets.stream()
                    .map(set ->
                            new GatewaySet(set.stream().map(gateways::indexOf).toList()))
                    .toList();
            List<ServiceProfile> services = new ArrayList<>(TestSettings.services());
            services.add(new ServiceProfile(IP, "ip", ServiceProfile.IP, true, 2, 1000 * SECOND_NS, 0, false, 0));
            List<BackendPool> pools = new ArrayList<>(TestSettings.pools());
            pools.add(new BackendPool(members, choice, PrefixRoutes.of(list.build(), positions)));
            return TestSettings.of(version, services, pools);
        }
    }

    private record Prefix(int bits, int length) {
        private static Prefix of(int address, int length) {
            return new Prefix(length == 0 ? 0 : address & -1 << (32 - length), length);
        }
    }

    private static final class Flow {
        private int gateway = -1;
        private long version = -1;
    }

    private final Map<Integer, Flow> flows = new HashMap<>();
    private final boolean[] healthy = new boolean[FIRST + GATEWAYS];
    private Random random = new Random();
    private Routes routes = draw(new Random(0));
    private long version;
    private Bench bench = new Bench(routes.settings(1));

    @ParameterizedTest
    @EnumSource(RouteAlgorithm.class)
    void shouldGoWhereTheModelAllows(RouteAlgorithm algorithm) {
        for (long seed = 1; seed <= 2; seed++) {
            long used = seed;
            try {
                run(algorithm, used);
            } catch (AssertionError | RuntimeException e) {
                throw new AssertionError(algorithm + " with seed " + used, e);
            }
        }
    }

    private void run(RouteAlgorithm algorithm, long seed) {
        random = new Random(seed);
        flows.clear();
        Arrays.fill(healthy, true);
        routes = draw(random, algorithm);
        version = 1;
        bench = new Bench(routes.settings(version));
        bench.at(SECOND_NS);
        for (int step = 0; step < STEPS; step++) {
            bench.after(random.nextInt(20_000_000));
            switch (random.nextInt(150)) {
                case 0, 1, 2, 3, 4, 5, 6, 7, 8, 9 -> health(FIRST + random.nextInt(GATEWAYS), random.nextInt(5) > 1);
                case 10 -> reload(draw(random, algorithm));
                case 11 -> reload(routes);
                default -> packet(random.nextInt(DESTINATIONS.length), random.nextInt(8), step);
            }
        }
    }

    private static Routes draw(Random random) {
        return draw(random, RouteAlgorithm.ROUND_ROBIN);
    }

    private static Routes draw(Random random, RouteAlgorithm algorithm) {
        List<Integer> gateways = new ArrayList<>();
        List<Integer> disabled = new ArrayList<>();
        for (int i = 0; i < GATEWAYS; i++) {
            if (random.nextInt(6) > 0 || i == 0) {
                gateways.add(FIRST + i);
                if (random.nextInt(6) == 0) {
                    disabled.add(FIRST + i);
                }
            }
        }
        List<List<Integer>> sets = new ArrayList<>();
        for (int i = 0; i < 4; i++) {
            List<Integer> set = new ArrayList<>(
                    gateways.stream().filter(gateway -> random.nextInt(3) == 0).toList());
            if (set.isEmpty()) {
                set.add(gateways.get(random.nextInt(gateways.size())));
            }
            if (!sets.contains(set)) {
                sets.add(set);
            }
        }
        Map<Prefix, Integer> prefixes =
                new TreeMap<>(Comparator.comparingInt(Prefix::bits).thenComparingInt(Prefix::length));
        for (int i = 0; i < 1 + random.nextInt(8); i++) {
            Prefix prefix = Prefix.of(
                    DESTINATIONS[random.nextInt(DESTINATIONS.length)], LENGTHS[random.nextInt(LENGTHS.length)]);
            prefixes.put(prefix, random.nextInt(sets.size()));
        }
        boolean isSticky = random.nextInt(4) == 0;
        long slowStartNs = random.nextInt(3) * SECOND_NS;
        RouteChoice choice =
                new RouteChoice(algorithm, isSticky, 50_000_000, 1, 1, 1, slowStartNs, 0, 0, 90, TABLE_SIZE);
        return new Routes(gateways, disabled, prefixes, sets, choice);
    }

    private void health(int gateway, boolean isHealthy) {
        if (routes.gateways().contains(gateway)) {
            healthy[gateway] = isHealthy;
        }
        PacketDescriptor event = bench.make(EventKind.HEALTH, 0);
        event.backend(gateway);
        event.argument0(isHealthy ? 1 : 0);
        bench.send();
    }

    private void reload(Routes next) {
        version += next.equals(routes) ? 0 : 1;
        routes = next;
        for (int number = FIRST; number < healthy.length; number++) {
            // What no pool names is taken for healthy, should it come back.
            healthy[number] |= !next.gateways().contains(number);
        }
        bench.make(EventKind.CONFIG, 0).endpoint(next.settings(version));
        bench.send();
    }

    private void packet(int destination, int port, int step) {
        Flow flow = flows.computeIfAbsent(destination * 100 + port, key -> new Flow());
        List<Integer> inForce = inForce(DESTINATIONS[destination]);
        boolean isUsable = routes.gateways().contains(flow.gateway) && healthy[flow.gateway];
        boolean stays = isUsable && (flow.version == version || (inForce != null && inForce.contains(flow.gateway)));
        String fate = fate(DESTINATIONS[destination], port);
        String what = "step " + step + ", to " + Integer.toHexString(DESTINATIONS[destination]) + ", " + routes;
        if (stays) {
            assertEquals(Integer.toString(flow.gateway), fate, what);
        } else if (inForce == null) {
            assertEquals(hasPrefix(DESTINATIONS[destination]) ? "NO_HEALTHY_BACKEND" : "NO_ROUTE", fate, what);
            return;
        } else {
            List<String> allowed = inForce.stream()
                    .filter(this::mayBeChosen)
                    .map(String::valueOf)
                    .toList();
            assertTrue(allowed.contains(fate), () -> fate + " is none of " + allowed + ": " + what);
            flow.gateway = Integer.parseInt(fate);
        }
        flow.version = version;
    }

    private boolean mayBeChosen(int gateway) {
        return healthy[gateway] && !routes.disabled().contains(gateway);
    }

    /** The gateways of the longest prefix that has a healthy one; null when there is none. */
    private List<Integer> inForce(int address) {
        for (int length = 32; length >= 0; length--) {
            Integer set = routes.prefixes().get(Prefix.of(address, length));
            if (set != null && routes.sets().get(set).stream().anyMatch(this::mayBeChosen)) {
                return routes.sets().get(set);
            }
        }
        return null;
    }

    private boolean hasPrefix(int address) {
        for (int length = 32; length >= 0; length--) {
            if (routes.prefixes().containsKey(Prefix.of(address, length))) {
                return true;
            }
        }
        return false;
    }

    private String fate(int destination, int port) {
        PacketDescriptor packet = bench.make(EventKind.DATA, IP);
        packet.flags(DescriptorFlags.IP_PACKET);
        packet.protocol(17);
        packet.ipVersion(4);
        packet.sourceLow(0xc0a8_0001L);
        packet.destinationLow(Integer.toUnsignedLong(destination));
        packet.sourcePort(1 + port);
        packet.destinationPort(53);
        packet.lengthBytes(100);
        String[] words = bench.sendOne().split(" ");
        int at = Arrays.asList(words).indexOf("backend");
        return words[0].equals("drop") ? words[1] : words[at + 1];
    }
}
