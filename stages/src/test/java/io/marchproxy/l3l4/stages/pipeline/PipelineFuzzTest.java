package io.marchproxy.l3l4.stages.pipeline;

import static io.marchproxy.l3l4.stages.pipeline.TestSettings.SECOND_NS;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.marchproxy.l3l4.stages.classify.ServiceProfile;
import io.marchproxy.l3l4.stages.flow.TestFlowTable;
import io.marchproxy.l3l4.stages.packet.Direction;
import io.marchproxy.l3l4.stages.packet.EventKind;
import io.marchproxy.l3l4.stages.packet.PacketDescriptor;
import io.marchproxy.l3l4.stages.route.BackendPool;
import io.marchproxy.l3l4.stages.shape.ShapeSettings;
import io.marchproxy.l3l4.stages.shape.ShapeStages;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * Random events, sensible and senseless, through a pipeline that holds packets. The bench checks after each that the books
 * balance, that every event came out once, and that no packet overtook another of its flow.
 */
class PipelineFuzzTest {
    private static final int EVENTS = 40_000;

    @ParameterizedTest
    @ValueSource(longs = {1, 2, 3, 4, 20_260_101})
    void shouldBalanceAlwaysAndDecideTheSameTwice(long seed) {
        System.out.println("seed " + seed);
        Bench first = run(seed);
        Bench second = run(seed);

        assertEquals(first.out(), second.out());
        assertEquals(first.journal(), second.journal());
        for (String wanted : new String[] {
            "drop QUEUE_FULL",
            "drop SESSION_CAP",
            "drop FLOW_GONE",
            "drop NO_HEALTHY",
            "drop CONNECT_FAILED",
            "drop FLOW_TABLE_FULL",
            "end IDLE",
            "end EVICTED",
            "end REPLIES",
            "forward RESET"
        }) {
            assertTrue(first.out().stream().anyMatch(line -> line.startsWith(wanted)), "never saw " + wanted);
        }
    }

    private static Bench run(long seed) {
        Random random = new Random(seed);
        Bench bench = new Bench(
                TestSettings.initial(),
                ShapeStages.delaying(new ShapeSettings(5, 5, 5, 5), PipelineFuzzTest::delayNs),
                new TestFlowTable(12));
        List<Long> flowRefs = new ArrayList<>(List.of(PacketDescriptor.NO_FLOW));
        bench.at(random.nextLong(-SECOND_NS, SECOND_NS));
        for (int i = 0; i < EVENTS; i++) {
            bench.after(random.nextInt(20) == 0 ? random.nextLong(2 * SECOND_NS) : random.nextInt(100_000_000));
            boolean isNew = random.nextInt(3) == 0;
            if (isNew) {
                randomFirstPacket(random, bench);
            } else if (random.nextInt(8) == 0) {
                randomControl(random, bench);
            } else {
                randomOfFlow(random, bench, flowRefs.get(random.nextInt(flowRefs.size())));
            }
            if (bench.event.kind() == EventKind.DATA || bench.event.kind() == EventKind.FIN) {
                bench.event.argument0(i);
            }
            bench.send();
            if (isNew && bench.flowRef() != PacketDescriptor.NO_FLOW) {
                flowRefs.add(bench.flowRef());
                if (flowRefs.size() > 20) {
                    flowRefs.remove(1);
                }
            }
        }
        bench.advanceTo(bench.nowNs() + 1_000 * SECOND_NS);
        assertEquals(0, bench.flows.size(), "in the end all flows have ended");
        assertEquals(Long.MAX_VALUE, bench.pipeline.nextDeadlineNs());
        return bench;
    }

    /** Half of all packets wait, for up to 300 ms. */
    private static long delayNs(PacketDescriptor packet) {
        long mixed = (packet.arrivalNs() * 0x9e3779b97f4a7c15L) >>> 33;
        return (mixed & 1) == 0 ? 0 : mixed % 300_000_000;
    }

    private static void randomFirstPacket(Random random, Bench bench) {
        int port = 1_000 + random.nextInt(40);
        if (random.nextInt(3) == 0) {
            bench.open(random.nextInt(5), port).argument0(random.nextInt(10) == 0 ? 1 + random.nextInt(18) : 0);
        } else {
            bench.datagram(1 + random.nextInt(2), port, random.nextInt(1_500)).packets(1 + random.nextInt(3));
        }
    }

    private static void randomOfFlow(Random random, Bench bench, long flowRef) {
        EventKind kind = switch (random.nextInt(20)) {
            case 0 -> EventKind.RESET;
            case 1 -> EventKind.CLOSED;
            case 2, 3 -> EventKind.FIN;
            case 4 -> EventKind.CONNECTED;
            case 5, 6, 7 -> EventKind.CONNECT_FAILED;
            case 8 -> EventKind.ICMP_ERROR;
            case 9 -> EventKind.BACKPRESSURE;
            default -> EventKind.DATA;
        };
        bench.of(kind, flowRef, Direction.of(random.nextInt(2)));
        if (bench.event.protocol() == TestSettings.UDP && bench.event.direction() == Direction.TO_BACKEND) {
            bench.event.direction(Direction.TO_CLIENT);
        }
        bench.event.lengthBytes(kind == EventKind.DATA ? random.nextInt(65_536) : 0);
    }

    private static void randomControl(Random random, Bench bench) {
        switch (random.nextInt(4)) {
            case 0 -> bench.make(EventKind.TICK, 0);
            case 1 -> {
                bench.make(EventKind.HEALTH, 0);
                bench.event.backend(new int[] {1, 2, 3, 10, 11, 20, 99}[random.nextInt(7)]);
                bench.event.argument0(random.nextInt(2));
            }
            case 2 -> {
                bench.make(EventKind.QUOTA, random.nextInt(6));
                bench.event.argument0(random.nextInt(6));
            }
            default -> {
                bench.make(EventKind.CONFIG, 0);
                bench.event.endpoint(randomSettings(random));
            }
        }
    }

    private static PipelineSettings randomSettings(Random random) {
        List<ServiceProfile> services = new ArrayList<>();
        for (ServiceProfile service : TestSettings.services()) {
            services.add(new ServiceProfile(
                    service.id(),
                    service.name(),
                    service.protocol(),
                    service.active() && random.nextInt(5) != 0,
                    random.nextInt(4),
                    (1 + random.nextInt(60)) * SECOND_NS,
                    random.nextInt(8),
                    service.evictOldest(),
                    service.replyLimit()));
        }
        List<BackendPool> pools = new ArrayList<>();
        for (BackendPool pool : TestSettings.pools()) {
            List<Integer> backends = new ArrayList<>(pool.backends());
            backends.removeIf(backend -> random.nextInt(4) == 0);
            pools.add(new BackendPool(backends, 1 + random.nextInt(3), SECOND_NS));
        }
        return TestSettings.of(random.nextInt(1_000), services, pools);
    }
}
