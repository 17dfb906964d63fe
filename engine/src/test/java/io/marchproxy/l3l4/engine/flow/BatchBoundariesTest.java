package io.marchproxy.l3l4.engine.flow;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.marchproxy.l3l4.stages.classify.ClassifySettings;
import io.marchproxy.l3l4.stages.classify.ServiceProfile;
import io.marchproxy.l3l4.stages.flow.FlowEnd;
import io.marchproxy.l3l4.stages.mark.MarkSettings;
import io.marchproxy.l3l4.stages.packet.DescriptorLayout;
import io.marchproxy.l3l4.stages.packet.DescriptorSlab;
import io.marchproxy.l3l4.stages.packet.Direction;
import io.marchproxy.l3l4.stages.packet.EventKind;
import io.marchproxy.l3l4.stages.packet.Memory;
import io.marchproxy.l3l4.stages.packet.PacketDescriptor;
import io.marchproxy.l3l4.stages.pipeline.DropReason;
import io.marchproxy.l3l4.stages.pipeline.Journal;
import io.marchproxy.l3l4.stages.pipeline.Pipeline;
import io.marchproxy.l3l4.stages.pipeline.PipelineOutput;
import io.marchproxy.l3l4.stages.pipeline.PipelineSettings;
import io.marchproxy.l3l4.stages.pipeline.TrafficBooks;
import io.marchproxy.l3l4.stages.pipeline.Verdict;
import io.marchproxy.l3l4.stages.route.BackendPool;
import io.marchproxy.l3l4.stages.route.RouteSettings;
import io.marchproxy.l3l4.stages.shape.ShapeSettings;
import java.lang.foreign.Arena;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * How events are put together into batches is an accident of the moment; what becomes of them must not depend on it. The same
 * events go through in batches of 1, 7 and 64, and without a look ahead: every verdict, every field that stages decide, the
 * flows that end, and the books must be the same. Flows begin, end, are evicted and come back within a batch, and control events
 * stand among them.
 */
class BatchBoundariesTest {
    private static final int EVENTS = 30_000;
    private static final int UDP = 17;
    private static final int TCP = 6;
    private static final int CAPACITY = 24;
    private static final int SERVICES = 3;
    private static final long SECOND_NS = 1_000_000_000L;

    @ParameterizedTest
    @ValueSource(longs = {1, 2, 3, 20_261_126})
    @Timeout(60)
    void shouldDecideTheSameHoweverEventsArePutTogether(long seed) {
        System.out.println("seed " + seed);
        Run alone = new Run(seed);
        List<PacketDescriptor> events = alone.makeAndHandle();

        for (int batch : new int[] {1, 7, 64}) {
            Run together = new Run(seed);
            together.handle(events, batch);
            for (int i = 0; i < alone.lines.size(); i++) {
                assertEquals(alone.lines.get(i), together.lines.get(i), "batch " + batch + ", line " + i);
            }
            assertEquals(alone.lines.size(), together.lines.size());
            assertEquals(alone.books(), together.books());
        }
        for (String wanted : new String[] {
            "FORWARD DATA",
            "CONSUMED",
            "DROP SESSION_CAP",
            "DROP FLOW_GONE",
            "DROP FLOW_TABLE_FULL",
            "EVICTED",
            "IDLE",
            "REPLIES"
        }) {
            assertTrue(alone.lines.stream().anyMatch(line -> line.contains(wanted)), "never saw " + wanted);
        }
    }

    /** One pipeline that is given the events of a seed. */
    private static final class Run implements PipelineOutput, Journal {
        private final List<String> lines = new ArrayList<>();
        private final List<Long> references = new ArrayList<>(List.of(PacketDescriptor.NO_FLOW));
        private final Arena arena = Arena.ofAuto();
        private final PacketDescriptor[] slots = descriptors(64);
        private final Random random;
        private final Pipeline pipeline;
        private long nowNs;

        Run(long seed) {
            random = new Random(seed);
            pipeline = new Pipeline(settings(8), new OffHeapFlowTable(CAPACITY, seed, arena), this, this);
        }

        private PacketDescriptor[] descriptors(int count) {
            DescriptorSlab slab =
                    new DescriptorSlab(arena.allocate((long) count * DescriptorLayout.SIZE, DescriptorLayout.SIZE));
            PacketDescriptor[] all = new PacketDescriptor[count];
            for (int i = 0; i < count; i++) {
                all[i] = slab.view(i);
            }
            return all;
        }

        /** Makes events one by one, of flows that came out of those before, and handles them without a look ahead. */
        List<PacketDescriptor> makeAndHandle() {
            List<PacketDescriptor> events = List.of(descriptors(EVENTS));
            for (PacketDescriptor event : events) {
                fill(event);
                copy(event, slots[0]);
                pipeline.handle(slots[0]);
                if (slots[0].flowRef() != PacketDescriptor.NO_FLOW) {
                    references.add(slots[0].flowRef());
                }
            }
            return events;
        }

        private static void copy(PacketDescriptor from, PacketDescriptor to) {
            Memory.copy(from.address(), to.address(), DescriptorLayout.SIZE);
            to.endpoint(from.endpoint());
        }

        void handle(List<PacketDescriptor> events, int batch) {
            for (int done = 0; done < events.size(); done += batch) {
                int count = Math.min(batch, events.size() - done);
                for (int i = 0; i < count; i++) {
                    copy(events.get(done + i), slots[i]);
                }
                pipeline.expect(slots, 0, count);
                for (int i = 0; i < count; i++) {
                    pipeline.handle(slots[i]);
                }
            }
        }

        private void fill(PacketDescriptor event) {
            nowNs += random.nextInt(50) == 0 ? SECOND_NS : random.nextInt(1_000_000);
            event.reset(EventKind.DATA, nowNs);
            switch (random.nextInt(20)) {
                case 0 -> control(event);
                case 1 -> {
                    event.kind(EventKind.OPEN);
                    key(event, TCP);
                }
                case 2, 3, 4, 5 -> ofFlow(event);
                default -> key(event, UDP);
            }
            event.lengthBytes(random.nextInt(1_500));
        }

        private void key(PacketDescriptor event, int protocol) {
            event.protocol(protocol);
            event.ipVersion(4);
            event.service(protocol == TCP ? 2 : random.nextInt(2));
            event.sourceLow(0x0a000001L + random.nextInt(3));
            event.sourcePort(1_000 + random.nextInt(8));
            event.destinationLow(0x7f000001L);
            event.destinationPort(53);
        }

        /** Of a flow that is there, or was a while ago. */
        private void ofFlow(PacketDescriptor event) {
            EventKind[] kinds = {EventKind.DATA, EventKind.DATA, EventKind.CLOSED, EventKind.RESET, EventKind.ICMP_ERROR
            };
            event.kind(kinds[random.nextInt(kinds.length)]);
            event.direction(Direction.of(random.nextInt(2)));
            event.protocol(random.nextBoolean() ? UDP : TCP);
            int back = Math.min(references.size(), 100);
            event.flowRef(references.get(references.size() - 1 - random.nextInt(back)));
        }

        private void control(PacketDescriptor event) {
            switch (random.nextInt(4)) {
                case 0 -> {
                    event.kind(EventKind.HEALTH);
                    event.backend(random.nextInt(4));
                    event.argument0(random.nextInt(2));
                }
                case 1 -> {
                    event.kind(EventKind.QUOTA);
                    event.service(random.nextInt(SERVICES));
                    event.argument0(random.nextInt(20));
                }
                case 2 -> {
                    event.kind(EventKind.CONFIG);
                    event.endpoint(settings(1 + random.nextInt(20)));
                }
                default -> event.kind(EventKind.TICK);
            }
        }

        private static PipelineSettings settings(int sessionCap) {
            return new PipelineSettings(
                    sessionCap,
                    "",
                    new ClassifySettings(
                            List.of(
                                    new ServiceProfile(0, "a", UDP, true, 1, SECOND_NS, sessionCap, true, 0),
                                    new ServiceProfile(1, "b", UDP, true, 2, SECOND_NS, sessionCap, false, 1),
                                    new ServiceProfile(2, "c", TCP, true, 3, 2 * SECOND_NS, 0, false, 0)),
                            List.of()),
                    new ShapeSettings(10, 10, 10, 10),
                    new MarkSettings(sessionCap % 2 == 0, 46, 34, 18, 0),
                    new RouteSettings(List.of(
                            new BackendPool(List.of(0, 1), 1, SECOND_NS),
                            new BackendPool(List.of(1, 2), 1, SECOND_NS),
                            new BackendPool(List.of(3), 1, SECOND_NS))));
        }

        String books() {
            StringBuilder text = new StringBuilder();
            TrafficBooks books = pipeline.books();
            for (int service = 0; service < SERVICES; service++) {
                for (int trafficClass = 0; trafficClass < 4; trafficClass++) {
                    for (Direction direction : Direction.values()) {
                        text.append(books.inPackets(service, trafficClass, direction))
                                .append(' ')
                                .append(books.inBytes(service, trafficClass, direction))
                                .append(' ')
                                .append(books.outPackets(service, trafficClass, direction))
                                .append(' ')
                                .append(books.outBytes(service, trafficClass, direction));
                        for (DropReason reason : DropReason.values()) {
                            text.append(' ').append(books.droppedPackets(service, trafficClass, direction, reason));
                        }
                        text.append('\n');
                    }
                }
            }
            return text.toString();
        }

        @Override
        public void arrived(PacketDescriptor event) {
            // the events are this test's own
        }

        @Override
        public void handled(PacketDescriptor event, Verdict verdict) {
            lines.add(verdict + " "
                    + (verdict == Verdict.DROP ? DropReason.in(event) + " " : "")
                    + event.kind() + " flow " + Long.toHexString(event.flowRef()) + " hash " + event.flowHash()
                    + " backend " + event.backend() + " flags " + event.flags() + " class " + event.trafficClass()
                    + " dscp " + event.egressDscp() + " rule "
                    + Memory.getShort(event.address() + DescriptorLayout.RULE));
        }

        @Override
        public void flowEnded(long flowRef, FlowEnd reason, long atNs) {
            lines.add("journal " + reason + " " + Long.toHexString(flowRef) + " at " + atNs);
        }

        @Override
        public void forward(PacketDescriptor packet) {
            lines.add("forward " + packet.kind());
        }

        @Override
        public void drop(PacketDescriptor packet, DropReason reason) {
            lines.add("drop " + packet.kind() + " " + reason);
        }

        @Override
        public void flowEnded(long flowRef, FlowEnd reason) {
            lines.add("end " + reason + " " + Long.toHexString(flowRef));
        }
    }
}
