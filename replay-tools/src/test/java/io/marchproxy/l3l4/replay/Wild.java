package io.marchproxy.l3l4.replay;

import io.marchproxy.l3l4.config.settings.JournalSettings.Mode;
import io.marchproxy.l3l4.engine.journal.Journals;
import io.marchproxy.l3l4.stages.classify.ClassifySettings;
import io.marchproxy.l3l4.stages.classify.ServiceProfile;
import io.marchproxy.l3l4.stages.mark.MarkSettings;
import io.marchproxy.l3l4.stages.packet.Direction;
import io.marchproxy.l3l4.stages.packet.EventKind;
import io.marchproxy.l3l4.stages.packet.PacketDescriptor;
import io.marchproxy.l3l4.stages.pipeline.Pipeline;
import io.marchproxy.l3l4.stages.pipeline.PipelineSettings;
import io.marchproxy.l3l4.stages.pipeline.Verdict;
import io.marchproxy.l3l4.stages.route.BackendPool;
import io.marchproxy.l3l4.stages.route.PoolMember;
import io.marchproxy.l3l4.stages.route.RouteAlgorithm;
import io.marchproxy.l3l4.stages.route.RouteChoice;
import io.marchproxy.l3l4.stages.route.RouteSettings;
import io.marchproxy.l3l4.stages.shape.ClassLimits;
import io.marchproxy.l3l4.stages.shape.CodelSettings;
import io.marchproxy.l3l4.stages.shape.RateLimit;
import io.marchproxy.l3l4.stages.shape.ServiceLimits;
import io.marchproxy.l3l4.stages.shape.ShapeSettings;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.SplittableRandom;
import java.util.stream.IntStream;

/**
 * Events of every kind and in any order through a pipeline that is recorded: flows of three services that begin, end, are refused,
 * evicted and forgotten, backends that come and go, shares that change, reloads. Ends up everywhere that state is.
 */
final class Wild implements AutoCloseable {
    private static final int UDP = 17;
    private static final int TCP = 6;
    private static final int SERVICES = 3;
    private static final int REFERENCES = 512;
    private static final long SECOND_NS = 1_000_000_000L;

    private final SplittableRandom random;
    private final int clients;
    private final Journals journals;
    private final RecordedPipeline recorded;
    private final Pipeline pipeline;
    private final PacketDescriptor event;
    private final List<Long> references = new ArrayList<>();
    private long nowNs = System.nanoTime();

    /**
     * A recording.
     *
     * @param capacity of the flow table
     * @param clients ports that clients use, of three addresses
     */
    Wild(Path data, long seed, int capacity, int clients, long journalBytes) throws IOException {
        this.random = new SplittableRandom(seed);
        this.clients = clients;
        journals = Objects.requireNonNull(Journals.open(data, RecordedPipeline.journal(Mode.PACKETS, journalBytes), 1));
        recorded = new RecordedPipeline(journals, capacity, seed, settings(8), settings(8));
        pipeline = recorded.pipeline();
        event = recorded.event();
        journals.start();
    }

    /** Lets events happen, no faster than the disk takes their records. */
    Wild events(int count) {
        for (int i = 0; i < count; i++) {
            if ((i & 255) == 0) {
                recorded.awaitDisk(1 << 20);
            }
            fill();
            pipeline.handle(event);
            if (event.flowRef() != PacketDescriptor.NO_FLOW && Verdict.in(event) == Verdict.FORWARD) {
                remember(event.flowRef());
            }
        }
        return this;
    }

    /** Lets a few clients send datagrams that differ by time and length alone, trains among them. */
    Wild steady(int count) {
        for (int i = 0; i < count; i++) {
            nowNs += i % 3 == 0 ? 1_000 : 0;
            event.reset(EventKind.DATA, nowNs);
            event.protocol(UDP);
            event.ipVersion(4);
            event.service(0);
            event.sourceLow(0x0a00_0001L);
            event.sourcePort(1_000 + i / 3 % 2);
            event.destinationLow(0x7f00_0001L);
            event.destinationPort(53);
            event.lengthBytes(64 + i / 50);
            pipeline.handle(event);
        }
        return this;
    }

    Journals journals() {
        return journals;
    }

    private void remember(long flowRef) {
        if (references.size() < REFERENCES) {
            references.add(flowRef);
        } else {
            references.set(random.nextInt(REFERENCES), flowRef);
        }
    }

    private void fill() {
        nowNs += random.nextInt(400) == 0 ? SECOND_NS / 4 : random.nextInt(300_000);
        event.reset(EventKind.DATA, nowNs);
        switch (random.nextInt(24)) {
            case 0 -> control();
            case 1, 2 -> {
                event.kind(EventKind.OPEN);
                key(TCP);
            }
            case 3, 4, 5, 6, 7 -> ofFlow();
            default -> key(UDP);
        }
        event.lengthBytes(random.nextInt(1_500));
        event.ingressTos(random.nextInt(256));
    }

    private void key(int protocol) {
        event.protocol(protocol);
        event.ipVersion(4);
        event.service(protocol == TCP ? 2 : random.nextInt(2));
        event.sourceLow(0x0a00_0001L + random.nextInt(3));
        event.sourcePort(1_000 + random.nextInt(clients));
        event.destinationLow(0x7f00_0001L);
        event.destinationPort(53);
        if (random.nextInt(8) == 0) {
            event.ipVersion(6);
            event.sourceHigh(0x2001_0db8_0000_0000L);
        }
    }

    /** Of a flow that is there, or was a while ago. */
    private void ofFlow() {
        if (references.isEmpty()) {
            return;
        }
        EventKind[] kinds = {
            EventKind.DATA,
            EventKind.DATA,
            EventKind.DATA,
            EventKind.CLOSED,
            EventKind.RESET,
            EventKind.FIN,
            EventKind.CONNECTED,
            EventKind.CONNECT_FAILED,
            EventKind.ICMP_ERROR,
            EventKind.BACKPRESSURE
        };
        event.kind(kinds[random.nextInt(kinds.length)]);
        event.direction(Direction.of(random.nextInt(2)));
        event.protocol(random.nextBoolean() ? UDP : TCP);
        event.flowRef(references.get(random.nextInt(references.size())));
    }

    private void control() {
        switch (random.nextInt(10)) {
            case 8 -> {
                event.kind(EventKind.MEASURED);
                event.backend(random.nextInt(4));
                event.argument0(random.nextInt(20_000_000));
                event.argument1(random.nextInt(4) * 100_000L);
            }
            case 9 -> {
                event.kind(random.nextBoolean() ? EventKind.ROOM : EventKind.SPENT);
                event.backend(random.nextInt(4));
                event.service(random.nextInt(SERVICES));
                event.argument0(event.kind() == EventKind.ROOM ? random.nextInt(9) : Double.doubleToLongBits(1e-5));
            }
            case 0, 1, 2 -> {
                event.kind(EventKind.HEALTH);
                event.backend(random.nextInt(4));
                event.argument0(random.nextInt(2));
            }
            case 3 -> {
                event.kind(EventKind.QUOTA);
                event.service(random.nextInt(SERVICES));
                event.argument0(random.nextInt(2 * clients));
            }
            case 4 -> {
                event.kind(EventKind.CONFIG);
                event.endpoint(settings(1 + random.nextInt(2 * clients)));
            }
            default -> event.kind(EventKind.TICK);
        }
    }

    private static PipelineSettings settings(int sessionCap) {
        return new PipelineSettings(
                sessionCap,
                "wild" + sessionCap,
                new ClassifySettings(
                        List.of(
                                new ServiceProfile(0, "a", UDP, true, 1, 3 * SECOND_NS, sessionCap, true, 0),
                                new ServiceProfile(1, "b", UDP, true, 2, 90 * SECOND_NS, sessionCap, false, 1),
                                new ServiceProfile(2, "c", TCP, true, 3, 20 * SECOND_NS, 0, false, 0)),
                        List.of()),
                shape(sessionCap),
                new MarkSettings(sessionCap % 2 == 0, 46, 34, 18, 0),
                new RouteSettings(
                        7,
                        0,
                        List.of(
                                pool(sessionCap, 1, 0, 1),
                                pool(sessionCap + 1, 1, 1, 2, 3),
                                pool(sessionCap + 2, 2, 3, 0))));
    }

    /** Any algorithm, with everything that may go before it. */
    private static BackendPool pool(int variety, int tries, int... backends) {
        RouteAlgorithm[] all = RouteAlgorithm.values();
        RouteChoice choice = RouteChoice.of(all[variety % all.length])
                .withSticky(variety % 5 == 0)
                .withSlowStartNs(variety % 3 * SECOND_NS)
                .withPanicPercent(variety % 4 == 0 ? 60 : 0)
                .withDailyBudget(variety % 2 * 1e-5);
        List<PoolMember> members = IntStream.of(backends)
                .mapToObj(i -> new PoolMember(i, i * 77L, true, 1 + i, i, i % 2, i == 3 ? 5 : 0, 0.1 * i, i))
                .toList();
        return new BackendPool(members, choice, tries, SECOND_NS);
    }

    @Override
    public void close() {
        recorded.close();
    }

    /** Rates that what comes in bursts has to wait for; others after each change of the configuration. */
    private static ShapeSettings shape(int variant) {
        RateLimit link = new RateLimit(20_000_000 + 1_000 * (variant % 7), 16_384);
        RateLimit some = new RateLimit(3_000_000 + 1_000 * (variant % 5), 6_000);
        ClassLimits free = new ClassLimits(40, some, RateLimit.NONE, 2);
        ClassLimits held = new ClassLimits(40, RateLimit.NONE, some, 1);
        return new ShapeSettings(
                link,
                List.of(free, free, held, free),
                List.of(new ServiceLimits(some, RateLimit.NONE, RateLimit.NONE), new ServiceLimits(some, some)),
                1,
                variant % 3 == 0 ? CodelSettings.OFF : new CodelSettings(200_000, 2_000_000));
    }
}
