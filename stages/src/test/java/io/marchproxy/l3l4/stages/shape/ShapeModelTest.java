package io.marchproxy.l3l4.stages.shape;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.marchproxy.l3l4.stages.flow.TestFlowTable;
import io.marchproxy.l3l4.stages.packet.DescriptorFlags;
import io.marchproxy.l3l4.stages.packet.Direction;
import io.marchproxy.l3l4.stages.packet.Ecn;
import io.marchproxy.l3l4.stages.packet.EventKind;
import io.marchproxy.l3l4.stages.packet.PacketDescriptor;
import io.marchproxy.l3l4.stages.packet.TestPackets;
import io.marchproxy.l3l4.stages.pipeline.DropReason;
import io.marchproxy.l3l4.stages.pipeline.Verdict;
import io.marchproxy.l3l4.stages.shape.ReferenceShaper.Fate;
import io.marchproxy.l3l4.stages.shape.ReferenceShaper.Packet;
import io.marchproxy.l3l4.stages.shape.ReferenceShaper.Release;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Collections;
import java.util.Deque;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * The shape stage against a slow and simple shaper and policers in big numbers, in virtual time: random packets, ends, silences, shares
 * and changes of every limit, of every rule that polices and of which class packets are, a million operations in all. After each, both say the same of the packet, of
 * its color, of when the next leaves, and whether it does, is marked or dropped for having waited too long; bytes in are bytes out,
 * dropped and held; no limit has let more pass than burst + rate × t; and no packet has overtaken another of its flow.
 */
class ShapeModelTest {
    private static final int OPERATIONS = 125_000;
    private static final int SERVICES = 5;
    private static final int FLOWS = 24;
    private static final int UDP = 17;
    private static final int TCP = 6;

    /** Rules, some of which police, each by the policer that it has at the time. */
    private static final int RULES = 4;

    private static final int POLICERS = 4;
    private static final int UNTOUCHED = 7;

    /** As many clients and connections may have ceilings of their own as there may ever be here: nobody shares one for want of room. */
    private static final int MOST_FLOWS = 1_024;

    /** Those who come again and again; in a crowd, who follows a flow that ended is a stranger. */
    private static final int REGULARS = 7;

    private final TestFlowTable flows = new TestFlowTable(MOST_FLOWS);
    private final PacketDescriptor packet = TestPackets.descriptor();
    private final long[] flowRefs = new long[FLOWS];
    private final int[] clients =
            IntStream.range(0, FLOWS).map(flow -> flow % REGULARS).toArray();
    private final List<ReferenceShaper> references =
            List.of(new ReferenceShaper(SERVICES), new ReferenceShaper(SERVICES));
    private final List<List<ReferencePolicer>> policers = Stream.generate(
                    () -> List.of(new ReferencePolicer(), new ReferencePolicer()))
            .limit(POLICERS)
            .toList();
    private final Map<Long, Packet> known = new HashMap<>();
    private final Map<Long, Deque<Long>> orders = new HashMap<>();
    private final long[] in = new long[2];
    private final long[] out = new long[2];
    private final long[] dropped = new long[2];
    private long nowNs = -5_000_000_000L;
    private long sequence;
    private int held;
    private int passedBy;
    private int foundNoRoom;
    private int marked;
    private int droppedLate;
    private int policed;
    private int remarked;
    private int strangers;
    private int forgotten;
    private boolean passesAll;

    /** By what packets are of a class: some flows of one, some of several. */
    private long rules;

    private int keptInOrder;

    /** Whether there are ever new clients and connections, with ceilings of their own, of which most are not needed for long. */
    private boolean isCrowd;

    private ShapeSettings inForce = new ShapeSettings(0, 0, 0, 0);

    @ParameterizedTest
    @ValueSource(longs = {1, 2, 3, 4, 5, 6, 7, 20_261_126})
    void shouldDecideAsTheReferenceDoes(long seed) {
        System.out.println("seed " + seed);
        isCrowd = seed % 2 == 0;
        Random random = new Random(seed);
        ShapeSettings settings = settings(random);
        ShapeStage stage = new ShapeStage(settings, flows);
        apply(stage, settings, false);
        int changes = 0;
        int classChanges = 0;
        int restored = 0;
        for (int i = 0; i < OPERATIONS; i++) {
            long stepNs = step(random);
            releaseUntil(stage, nowNs + stepNs);
            nowNs += stepNs;
            if (random.nextInt(4_000) == 0) {
                apply(stage, settings(random), random.nextBoolean());
                changes++;
            } else if (random.nextInt(700) == 0) {
                apply(stage, inForce, true);
                classChanges++;
            } else if (random.nextInt(500) == 0) {
                share(stage, random);
            } else if (random.nextInt(isCrowd ? 10 : 1_000) == 0) {
                endFlow(random.nextInt(FLOWS));
            } else {
                offer(stage, random);
            }
            releaseUntil(stage, nowNs);
            check(stage);
            if (random.nextInt(500) == 0) {
                long now = nowNs;
                forgotten +=
                        references.stream().mapToInt(one -> one.forgetFull(now)).sum();
            }
            if (random.nextInt(2_000) == 0) {
                // As a replay that begins in the midst of a session, and must go on as if it had not.
                stage = restored(stage);
                restored++;
            }
        }
        apply(stage, settings.unlimited(), false);
        releaseUntil(stage, nowNs);
        assertEquals(0, references.get(0).heldBytes() + references.get(1).heldBytes(), "everything leaves in the end");
        check(stage);
        // Some dozen times as many as the shaper ever has at once, so it has given most of them up.
        assertTrue(!isCrowd || (strangers > 5_000 && forgotten > 5_000), strangers + " strangers, " + forgotten);
        assertTrue(changes > 5 && held > OPERATIONS / 10, changes + " changes, " + held + " held");
        int moved = references.stream().mapToInt(one -> one.moved).sum();
        assertTrue(
                classChanges > 100 && moved > 300 && keptInOrder > 100,
                classChanges + " changes of classes, " + moved + " packets moved, " + keptInOrder + " kept in order");
        assertTrue(restored > 10, restored + " times restored");
        assertTrue(passedBy > 100 && foundNoRoom > 100, passedBy + " passed by, " + foundNoRoom + " found no room");
        assertTrue(policed > 100 && remarked > 100, policed + " policed, " + remarked + " remarked");
        assertTrue(marked > 50 && droppedLate > 50, marked + " marked, " + droppedLate + " dropped for having waited");
    }

    private ShapeStage restored(ShapeStage stage) {
        SavedState saved = new SavedState();
        stage.save(saved);
        ShapeStage another = new ShapeStage(inForce, flows);
        another.restore(saved.toRead());
        assertTrue(saved.isEmpty(), "all that was saved was read");
        assertEquals(stage.nextReleaseNs(), another.nextReleaseNs());
        policers.forEach(ofBoth -> ofBoth.forEach(ReferencePolicer::forgetCounts));
        return another;
    }

    private void apply(ShapeStage stage, ShapeSettings settings, boolean withOtherClasses) {
        inForce = settings;
        passesAll = !settings.limitsAnything();
        rules += withOtherClasses ? 1 : 0;
        stage.apply(settings, withOtherClasses ? waiting -> classify(stage, waiting) : null, nowNs);
        for (int direction = 0; direction < 2; direction++) {
            references.get(direction).apply(settings, direction == 1, withOtherClasses ? this::ownClass : null, nowNs);
            for (int i = 0; i < 4; i++) {
                assertEquals(references.get(direction).heldDatagrams(i), stage.heldDatagrams(i, direction == 1));
            }
        }
        for (int i = 0; i < POLICERS; i++) {
            int number = i;
            PoliceSettings police = settings.policing().stream()
                    .filter(one -> one.number() == number)
                    .findFirst()
                    .orElse(null);
            policers.get(i).forEach(one -> one.apply(police, nowNs));
        }
    }

    /** As the classify stage does. */
    private void classify(ShapeStage stage, PacketDescriptor waiting) {
        if (flows.entry(waiting.flowRef()) != 0) {
            int waitsIn = stage.waitingClass(waiting.flowRef(), waiting.isToBackend());
            waiting.trafficClass(waitsIn < 0 ? ownClass(waiting.flowRef(), waiting.lengthBytes()) : waitsIn);
        }
    }

    private int ownClass(Packet waiting) {
        return flows.entry(waiting.flow()) == 0 ? -1 : ownClass(waiting.flow(), waiting.bytes());
    }

    /** The class that rules give to a packet by itself: every third flow is of one by its packets' lengths. */
    private int ownClass(long flow, int bytes) {
        Random random = new Random(rules * 31 + flow);
        return random.nextInt(3) == 0 && bytes < 700 ? random.nextInt(4) : new Random(rules + flow * 37).nextInt(4);
    }

    private void share(ShapeStage stage, Random random) {
        int direction = random.nextInt(2);
        ShareOf of = ShareOf.values()[random.nextInt(4)];
        int which = random.nextInt(4);
        int share = 1 + random.nextInt(ShareOf.WHOLE);
        stage.share(Direction.of(direction), of, which, share, nowNs);
        if (of == ShareOf.POLICER) {
            policers.get(which).get(direction).share(share, nowNs);
        } else {
            references.get(direction).share(of, which, share, nowNs);
        }
    }

    private void offer(ShapeStage stage, Random random) {
        int flow = random.nextInt(FLOWS);
        if (flowRefs[flow] == 0) {
            packet.reset(EventKind.DATA, nowNs);
            packet.sourceLow(clients[flow]);
            flowRefs[flow] = flows.insert(packet);
        }
        boolean isUdp = flow % 3 != 0;
        boolean isData = isUdp || random.nextInt(10) != 0;
        int direction = random.nextInt(2);
        int datagrams = isUdp ? 1 + (random.nextInt(20) == 0 ? random.nextInt(40) : 0) : 0;
        int bytes = isData ? 1 + random.nextInt(isUdp ? 1_514 : random.nextInt(10) == 0 ? 65_536 : 4_000) : 0;
        boolean isEcnCapable = isUdp && random.nextBoolean();
        int ownClass = ownClass(flowRefs[flow], bytes);
        int waitsIn = stage.waitingClass(flowRefs[flow], direction == 0);
        assertEquals(references.get(direction).waitingClass(flowRefs[flow]), waitsIn);
        keptInOrder += waitsIn >= 0 && waitsIn != ownClass ? 1 : 0;
        Packet offered = new Packet(
                ++sequence,
                flowRefs[flow],
                flow % SERVICES,
                waitsIn < 0 ? ownClass : waitsIn,
                clients[flow],
                bytes,
                datagrams,
                isData,
                isEcnCapable,
                nowNs);
        packet.reset(isData ? EventKind.DATA : EventKind.FIN, nowNs);
        packet.protocol(isUdp ? UDP : TCP);
        packet.service(offered.service());
        packet.trafficClass(offered.trafficClass());
        packet.direction(Direction.of(direction));
        packet.lengthBytes(bytes);
        packet.packets(Math.max(1, datagrams));
        packet.flowRef(offered.flow());
        packet.argument0(offered.id());
        packet.ingressEcn(isEcnCapable ? 1 + random.nextInt(Ecn.MASK) : Ecn.NOT_CAPABLE);
        in[direction] += bytes;
        packet.rule(random.nextInt(RULES + 1));
        packet.egressDscp(UNTOUCHED);
        int action = isData ? police(packet, isUdp) : PoliceSettings.PASS;

        Verdict verdict = stage.process(packet, nowNs);
        assertCounted(stage, direction);
        assertEquals(action < 0 ? UNTOUCHED : action, packet.egressDscp());
        if (action == PoliceSettings.DROP) {
            assertEquals(Verdict.DROP, verdict);
            assertEquals(DropReason.POLICED, DropReason.in(packet));
            dropped[direction] += bytes;
            policed++;
            return;
        }
        remarked += action >= 0 ? 1 : 0;
        // Without any limit nobody waits, and nobody counts what guarantees were used.
        Boolean expected = Boolean.TRUE;
        if (!passesAll || !known.isEmpty()) {
            expected = references.get(direction).process(offered, nowNs);
        }

        assertEquals(
                expected == null ? Verdict.DROP : expected ? Verdict.CONTINUE : Verdict.HOLD,
                verdict,
                () -> offered + " at " + nowNs);
        if (verdict == Verdict.CONTINUE) {
            out[direction] += bytes;
            passedBy += isData && inForce.link().isSet() && heldBytes(direction) > 0 ? 1 : 0;
            Deque<Long> before = orders.get(offered.flow() * 2 + direction);
            assertTrue(!isData || before == null || before.isEmpty(), "a packet has overtaken another of its flow");
        } else if (verdict == Verdict.DROP) {
            assertEquals(DropReason.QUEUE_FULL, DropReason.in(packet));
            foundNoRoom++;
            dropped[direction] += bytes;
        } else {
            held++;
            known.put(offered.id(), offered);
            orders.computeIfAbsent(offered.flow() * 2 + direction, key -> new ArrayDeque<>())
                    .addLast(offered.id());
        }
    }

    /** What the policer of the packet's rule, if it has one, makes of it. */
    private int police(PacketDescriptor offered, boolean isUdp) {
        for (PoliceSettings one : inForce.policing()) {
            if (one.place() + 1 == offered.rule()) {
                return policers.get(one.number())
                        .get(offered.direction().ordinal())
                        .police(offered.lengthBytes(), offered.packets(), !isUdp, nowNs);
            }
        }
        return PoliceSettings.PASS;
    }

    private void assertCounted(ShapeStage stage, int direction) {
        for (int i = 0; i < POLICERS; i++) {
            ReferencePolicer one = policers.get(i).get(direction);
            for (Color color : Color.values()) {
                assertEquals(one.packets[color.ordinal()], stage.policed().packets(i, Direction.of(direction), color));
                assertEquals(one.bytes[color.ordinal()], stage.policed().bytes(i, Direction.of(direction), color));
            }
        }
    }

    private void endFlow(int flow) {
        if (flowRefs[flow] != 0) {
            flows.remove(flowRefs[flow]);
            flowRefs[flow] = 0;
            if (isCrowd) {
                clients[flow] = REGULARS + strangers++;
            }
        }
    }

    private void releaseUntil(ShapeStage stage, long untilNs) {
        while (true) {
            long firstNs = references.get(0).dueNs();
            long secondNs = references.get(1).dueNs();
            long dueNs = Math.min(firstNs, secondNs);
            assertEquals(dueNs, stage.nextReleaseNs());
            if (dueNs > untilNs) {
                return;
            }
            int direction = firstNs <= secondNs ? 0 : 1;
            PacketDescriptor released = stage.next(dueNs);
            boolean isGone = released != null && flows.entry(released.flowRef()) == 0;
            Release release = references.get(direction).release(dueNs, isGone);
            if (released == null) {
                assertNull(release);
                continue;
            }
            assertNotNull(release);
            Packet expected = release.packet();
            boolean isMarked = (released.flags() & DescriptorFlags.CE_MARKED) != 0;
            boolean isDropped = Verdict.in(released) == Verdict.DROP;
            assertEquals(release.fate() == Fate.LEAVES_MARKED, isMarked);
            assertEquals(release.fate() == Fate.IS_DROPPED, isDropped);
            assertEquals(expected.id(), released.argument0());
            assertEquals(expected.trafficClass(), released.trafficClass());
            assertEquals(dueNs, released.releaseNs());
            assertEquals(Direction.of(direction), released.direction());
            if (isDropped) {
                droppedLate++;
                dropped[direction] += released.lengthBytes();
            } else {
                marked += isMarked ? 1 : 0;
                out[direction] += released.lengthBytes();
            }
            assertEquals(
                    expected.id(),
                    orders.get(expected.flow() * 2 + direction).removeFirst(),
                    "a packet has overtaken another of its flow");
            known.remove(expected.id());
            stage.released();
            check(stage);
        }
    }

    private void check(ShapeStage stage) {
        for (int direction = 0; direction < 2; direction++) {
            ReferenceShaper reference = references.get(direction);
            assertEquals(in[direction], out[direction] + dropped[direction] + heldBytes(direction), "bytes");
            assertTrue(
                    reference.link.isKept()
                            && reference.classCeilings.stream().allMatch(ReferenceBucket::isKept)
                            && reference.serviceCeilings.stream().allMatch(ReferenceBucket::isKept)
                            && reference.keepsEach(),
                    "more than burst + rate x t has passed");
        }
        assertEquals(known.isEmpty(), stage.nextReleaseNs() == Long.MAX_VALUE);
    }

    private long heldBytes(int direction) {
        return references.get(direction).heldBytes();
    }

    private static long step(Random random) {
        return switch (random.nextInt(200)) {
            case 0 -> random.nextLong(10_000_000_000L);
            case 1, 2, 3, 4 -> random.nextInt(20_000_000);
            case 5, 6, 7, 8, 9, 10 -> 0;
            default -> random.nextInt(200_000);
        };
    }

    /** Any of the limits, or none of them: about what comes, some far less and some more. */
    private ShapeSettings settings(Random random) {
        List<ClassLimits> classes = new ArrayList<>();
        for (int i = 0; i < 4; i++) {
            classes.add(new ClassLimits(
                    random.nextInt(60),
                    random.nextBoolean() ? RateLimit.NONE : rate(random, 20_000_000),
                    random.nextInt(3) != 0 ? RateLimit.NONE : rate(random, 200_000_000),
                    1 + random.nextInt(5)));
        }
        List<ServiceLimits> services = new ArrayList<>();
        for (int i = isCrowd ? SERVICES : random.nextInt(SERVICES + 1); i > 0; i--) {
            services.add(new ServiceLimits(
                            random.nextInt(3) != 0 ? RateLimit.NONE : rate(random, 20_000_000),
                            random.nextBoolean() ? RateLimit.NONE : rate(random, 100_000_000),
                            random.nextBoolean() ? RateLimit.NONE : rate(random, 100_000_000))
                    .with(new EachLimits(each(random), each(random), each(random), each(random))));
        }
        RateLimit link = random.nextInt(3) == 0 ? RateLimit.NONE : rate(random, 300_000_000);
        return new ShapeSettings(link, classes, services, 1, codel(random), policing(random));
    }

    /** Policers of some rules, each perhaps of another rule than before. */
    private static List<PoliceSettings> policing(Random random) {
        List<Integer> numbers =
                new ArrayList<>(IntStream.range(0, POLICERS).boxed().toList());
        Collections.shuffle(numbers, random);
        List<PoliceSettings> policing = new ArrayList<>();
        for (int place = 0; place < RULES; place++) {
            if (random.nextBoolean()) {
                continue;
            }
            RateLimit committed = rate(random, 8_000_000);
            boolean hasPeak = random.nextBoolean();
            RateLimit peak = hasPeak
                    ? new RateLimit(
                            committed.bitsPerSecond() + random.nextInt(8_000_000), 1_514L + random.nextInt(100_000))
                    : RateLimit.NONE;
            long excess = hasPeak || random.nextBoolean() ? 0 : random.nextInt(100_000);
            policing.add(new PoliceSettings(
                    numbers.get(place),
                    place,
                    committed,
                    excess,
                    peak,
                    action(random, PoliceSettings.PASS),
                    action(random, PoliceSettings.DROP),
                    action(random, PoliceSettings.DROP)));
        }
        return policing;
    }

    private static int action(Random random, int usual) {
        return switch (random.nextInt(4)) {
            case 0 -> PoliceSettings.PASS;
            case 1 -> random.nextInt(64);
            default -> usual;
        };
    }

    /** Often off, often short: queues here are of some dozen packets. */
    private static CodelSettings codel(Random random) {
        if (random.nextInt(4) == 0) {
            return CodelSettings.OFF;
        }
        long intervalNs = 1L + random.nextInt(random.nextBoolean() ? 1_000_000 : 100_000_000);
        return new CodelSettings((long) (intervalNs * Math.pow(random.nextDouble(), 2)), intervalNs);
    }

    private RateLimit each(Random random) {
        return random.nextInt(isCrowd ? 4 : 3) != 0 != isCrowd ? RateLimit.NONE : rate(random, 40_000_000);
    }

    private static RateLimit rate(Random random, long most) {
        long rate = TokenBucket.LOWEST_RATE + (long) (most * Math.pow(random.nextDouble(), 2));
        return new RateLimit(rate, 1_514L + random.nextInt(100_000));
    }
}
