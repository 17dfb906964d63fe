package io.marchproxy.l3l4.stages.classify;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.marchproxy.l3l4.stages.packet.EventKind;
import io.marchproxy.l3l4.stages.packet.PacketDescriptor;
import io.marchproxy.l3l4.stages.packet.TestPackets;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class RuleTableTest {
    private static final int UDP = 17;

    private final PacketDescriptor packet = TestPackets.descriptor();
    private final RuleQuery query = new RuleQuery();

    @ParameterizedTest
    @ValueSource(longs = {1, 2, 3, 20_261_126})
    void shouldFindTheRuleThatReadingThemInOrderFinds(long seed) {
        System.out.println("seed " + seed);
        Random random = new Random(seed);
        int matches = 0;
        for (int i = 0; i < 400; i++) {
            // Few are read in order, many stand in a tree.
            List<ClassifyRule> rules = randomRules(random, i % 4 == 0 ? random.nextInt(400) : random.nextInt(30));
            RuleList list = RuleList.of(rules);
            RuleTable table = list.table("dns");
            for (int n = 0; n < 100; n++) {
                fillRandom(random);
                int expected = firstByReading(rules, false, RuleTable.NO_MATCH);
                int ofFlow = firstByReading(
                        rules.stream()
                                .map(rule -> rule.isPerPacket() ? NEVER : rule)
                                .toList(),
                        false,
                        RuleTable.NO_MATCH);
                assertEquals(ofFlow, table.firstOfFlow(query), () -> rules + "");
                assertEquals(expected, table.firstMatch(query, ofFlow), () -> rules + "");
                boolean looks = firstByReading(
                                rules.stream()
                                        .map(rule -> rule.isPerPacket() ? rule : NEVER)
                                        .toList(),
                                true,
                                ofFlow)
                        < ofFlow;
                assertEquals(looks, table.looksAtPackets(query, ofFlow));
                matches += expected < RuleTable.NO_MATCH ? 1 : 0;
            }
        }
        assertTrue(matches > 10_000, "too few rules match: " + matches);
    }

    private static final ClassifyRule NEVER = new ClassifyRule(255, null, null, null, -1, -1, -1, -1, -1, 0, -1);

    /** The place of the first rule of the service that matches, read as its description has it; NO_MATCH for none before a place. */
    private int firstByReading(List<ClassifyRule> rules, boolean isOfFlows, int before) {
        for (int i = 0; i < rules.size() && i < before; i++) {
            ClassifyRule rule = rules.get(i);
            int length = packet.packets() > 1 ? packet.segmentBytes() : packet.lengthBytes();
            boolean matches = (rule.protocol() == -1 || rule.protocol() == packet.protocol())
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
                    && (isOfFlows || rule.dscp() == -1 || rule.dscp() == packet.ingressDscp())
                    && (isOfFlows || rule.length() == null || rule.length().contains(length))
                    && (rule.clientFlows() == null || rule.clientFlows().contains(query.clientFlows));
            if (matches) {
                return i;
            }
        }
        return before;
    }

    @Test
    void shouldMatchNoLengthWhereThereIsNone() {
        List<ClassifyRule> rules = List.of(new ClassifyRule(
                -1, null, null, null, -1, -1, -1, -1, -1, 1, -1, new NumberRange(0, Integer.MAX_VALUE), null));
        RuleTable table = RuleList.of(rules).table("dns");
        packet.reset(EventKind.DATA, 0);
        query.flow(packet);
        query.packet(0, RuleQuery.NO_LENGTH);
        assertEquals(RuleTable.NO_MATCH, table.firstMatch(query, RuleTable.NO_MATCH));
        query.packet(0, 0);
        assertEquals(0, table.firstMatch(query, RuleTable.NO_MATCH));
    }

    @Test
    void shouldTakeMemoryAsTheRulesDo() {
        Random random = new Random(5);
        List<ClassifyRule> rules = new ArrayList<>();
        for (int i = 0; i < 10_000; i++) {
            rules.add(new ClassifyRule(
                    UDP,
                    null,
                    new AddressPrefix(4, 0, random.nextInt() & 0xffff_ffffL, 8 + random.nextInt(25)),
                    new AddressPrefix(4, 0, random.nextInt() & 0xffff_ffffL, 8 + random.nextInt(25)),
                    -1,
                    -1,
                    random.nextInt(65_536),
                    65_535,
                    -1,
                    1,
                    -1));
        }
        long bytes = RuleList.of(rules).bytes();
        assertTrue(bytes < 400L * rules.size(), "bytes " + bytes);
        assertEquals(rules, RuleList.of(rules), "it is a list of the rules still");
    }

    @Test
    void shouldRefuseMoreRulesThanADescriptorCanName() {
        List<ClassifyRule> rules = Collections.nCopies(RuleList.MOST_RULES + 1, NEVER);
        assertThrows(IllegalArgumentException.class, () -> RuleList.of(rules));
    }

    private static List<ClassifyRule> randomRules(Random random, int count) {
        List<ClassifyRule> rules = new ArrayList<>();
        for (int n = 0; n < count; n++) {
            rules.add(randomRule(random));
        }
        return rules;
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
                sourcePort + random.nextInt(4),
                destinationPort,
                random.nextInt(10) == 0 ? 65_535 : destinationPort + random.nextInt(4),
                pick(random, -1, -1, -1, -1, -1, -1, 0, 8),
                random.nextInt(4),
                pick(random, -1, 0, 46),
                random.nextInt(8) == 0 ? randomRange(random) : null,
                random.nextInt(8) == 0 ? randomRange(random) : null);
    }

    private static NumberRange randomRange(Random random) {
        int low = random.nextInt(6);
        return new NumberRange(low, random.nextBoolean() ? Integer.MAX_VALUE : low + random.nextInt(3));
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
        packet.protocol(pick(random, UDP, UDP, UDP, 6));
        packet.packets(1 + random.nextInt(2));
        packet.segmentBytes(random.nextInt(8));
        packet.lengthBytes(random.nextInt(8));
        query.flow(packet);
        query.packet(packet);
        query.clientFlows = random.nextInt(8);
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
