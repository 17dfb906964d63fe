package io.marchproxy.l3l4.stages.classify;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.marchproxy.l3l4.stages.packet.EventKind;
import io.marchproxy.l3l4.stages.packet.PacketDescriptor;
import io.marchproxy.l3l4.stages.packet.TestPackets;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class RuleTableTest {
    private static final ServiceProfile SERVICE = new ServiceProfile(0, "dns", 17, true, 3, 0, 10, false, 0);

    private final PacketDescriptor packet = TestPackets.descriptor();

    @ParameterizedTest
    @ValueSource(longs = {1, 2, 3})
    void shouldFindTheRuleThatReadingThemInOrderFinds(long seed) {
        System.out.println("seed " + seed);
        Random random = new Random(seed);
        int matches = 0;
        for (int i = 0; i < 2_000; i++) {
            List<ClassifyRule> rules = new ArrayList<>();
            for (int n = random.nextInt(12); n > 0; n--) {
                rules.add(randomRule(random));
            }
            RuleTable table = new RuleTable(SERVICE, rules);
            for (int n = 0; n < 50; n++) {
                fillRandom(random);
                int expected = firstByReading(rules);
                int match = table.firstMatch(packet);
                assertEquals(expected, match == RuleTable.NO_MATCH ? -1 : table.rule(match), () -> rules + "");
                if (expected >= 0) {
                    matches++;
                    assertEquals(rules.get(expected).trafficClass(), table.trafficClass(match));
                    int dscp = rules.get(expected).egressDscp();
                    assertEquals(dscp < 0 ? PacketDescriptor.DSCP_UNCHANGED : dscp, table.egressDscp(match));
                }
            }
        }
        assertTrue(matches > 10_000, "too few rules match: " + matches);
    }

    private int firstByReading(List<ClassifyRule> rules) {
        for (int i = 0; i < rules.size(); i++) {
            ClassifyRule rule = rules.get(i);
            boolean matches = (rule.protocol() == -1 || rule.protocol() == 17)
                    && (rule.service() == null || rule.service().equals("dns"))
                    && (rule.source() == null
                            || rule.source().contains(packet.ipVersion(), packet.sourceHigh(), packet.sourceLow()))
                    && (rule.destination() == null
                            || rule.destination()
                                    .contains(packet.ipVersion(), packet.destinationHigh(), packet.destinationLow()))
                    && (rule.sourcePortLow() == -1
                            || (packet.sourcePort() >= rule.sourcePortLow()
                                    && packet.sourcePort() <= rule.sourcePortHigh()))
                    && (rule.destinationPortLow() == -1
                            || (packet.destinationPort() >= rule.destinationPortLow()
                                    && packet.destinationPort() <= rule.destinationPortHigh()))
                    && (rule.dscp() == -1 || rule.dscp() == packet.ingressDscp());
            if (matches) {
                return i;
            }
        }
        return -1;
    }

    private static ClassifyRule randomRule(Random random) {
        int sourcePort = random.nextInt(3) == 0 ? random.nextInt(8) : -1;
        int destinationPort = random.nextInt(3) == 0 ? random.nextInt(8) : -1;
        return new ClassifyRule(
                pick(random, -1, -1, 17, 6),
                random.nextInt(4) == 0 ? (random.nextBoolean() ? "dns" : "web") : null,
                randomPrefix(random),
                randomPrefix(random),
                sourcePort,
                sourcePort + 3,
                destinationPort,
                destinationPort + 3,
                pick(random, -1, -1, -1, 0, 8),
                random.nextInt(4),
                pick(random, -1, 0, 46));
    }

    private static AddressPrefix randomPrefix(Random random) {
        return switch (random.nextInt(6)) {
            case 0 -> new AddressPrefix(4, 0, randomLow(random), random.nextInt(33));
            case 1 -> new AddressPrefix(6, randomHigh(random), randomLow(random), random.nextInt(129));
            default -> null;
        };
    }

    private void fillRandom(Random random) {
        packet.reset(EventKind.DATA, 0);
        boolean v4 = random.nextBoolean();
        packet.ipVersion(v4 ? 4 : 6);
        packet.sourceHigh(v4 ? 0 : randomHigh(random));
        packet.sourceLow(randomLow(random));
        packet.destinationHigh(v4 ? 0 : randomHigh(random));
        packet.destinationLow(randomLow(random));
        packet.sourcePort(random.nextInt(10));
        packet.destinationPort(random.nextInt(10));
        packet.ingressDscp(pick(random, 0, 8));
    }

    private static long randomLow(Random random) {
        return 0x0a000000L + random.nextInt(4);
    }

    private static long randomHigh(Random random) {
        return 0x20010db8_00000000L + random.nextInt(4);
    }

    private static int pick(Random random, int... values) {
        return values[random.nextInt(values.length)];
    }

    @Test
    void shouldTellAddressesWithinAPrefixFromThoseOutside() {
        AddressPrefix ten = new AddressPrefix(4, 0, 0x0a000000L, 8);
        assertTrue(ten.contains(4, 0, 0x0affffffL));
        assertFalse(ten.contains(4, 0, 0x0b000000L));
        assertFalse(ten.contains(6, 0, 0x0a000000L));
        assertTrue(new AddressPrefix(4, 0, 0, 0).contains(4, 0, 0xffffffffL));
        assertTrue(new AddressPrefix(4, 0, 0xffffffffL, 32).contains(4, 0, 0xffffffffL));

        AddressPrefix wide = new AddressPrefix(6, 0x20010db8_00000000L, 0, 32);
        assertTrue(wide.contains(6, 0x20010db8_ffffffffL, -1));
        assertFalse(wide.contains(6, 0x20010db9_00000000L, 0));
        AddressPrefix narrow = new AddressPrefix(6, 1, 0x100, 120);
        assertTrue(narrow.contains(6, 1, 0x1ff));
        assertFalse(narrow.contains(6, 1, 0x200));
        assertFalse(narrow.contains(6, 2, 0x100));
        assertTrue(new AddressPrefix(6, 0, 0, 0).contains(6, -1, -1));
    }

    @Test
    void shouldRefusePrefixesThatCannotBe() {
        assertThrows(IllegalArgumentException.class, () -> new AddressPrefix(5, 0, 0, 0));
        assertThrows(IllegalArgumentException.class, () -> new AddressPrefix(4, 0, 0, 33));
        assertThrows(IllegalArgumentException.class, () -> new AddressPrefix(6, 0, 0, 129));
        assertThrows(IllegalArgumentException.class, () -> new AddressPrefix(6, 0, 0, -1));
    }
}
