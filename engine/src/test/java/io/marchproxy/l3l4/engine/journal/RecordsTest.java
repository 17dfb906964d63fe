package io.marchproxy.l3l4.engine.journal;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;

import io.marchproxy.l3l4.stages.flow.FlowLayout;
import io.marchproxy.l3l4.stages.packet.DescriptorLayout;
import io.marchproxy.l3l4.stages.packet.Direction;
import io.marchproxy.l3l4.stages.packet.EventKind;
import io.marchproxy.l3l4.stages.packet.PacketDescriptor;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.SplittableRandom;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class RecordsTest {
    private static final MemorySegment STATE = Arena.global().allocate(FlowLayout.REMEMBERED_SIZE, 8);

    @ParameterizedTest
    @ValueSource(longs = {1, 2, 3})
    void shouldReadBackWhateverAnEventHeld(long seed) {
        SplittableRandom random = new SplittableRandom(seed);
        MemorySegment memory = Arena.global().allocate(RecordEncoder.LONGEST, 8);
        PacketDescriptor was = Recorded.descriptor();
        PacketDescriptor is = Recorded.descriptor();
        for (int i = 0; i < 10_000; i++) {
            fill(was, random);

            RecordEncoder.event(memory.address(), was);
            Records.event(memory.address(), is);

            if (was.kind() == EventKind.RESTORE) {
                assertArrayEquals(state(was), state(is), "seed " + seed + ", state " + i);
                is.payloadAddress(was.payloadAddress());
            }
            assertArrayEquals(bytes(was), bytes(is), "seed " + seed + ", descriptor " + i);
        }
    }

    private static void fill(PacketDescriptor packet, SplittableRandom random) {
        packet.reset(EventKind.of(random.nextInt(EventKind.values().length)), random.nextLong());
        packet.direction(Direction.of(random.nextInt(2)));
        packet.protocol(random.nextInt(256));
        packet.ipVersion(random.nextBoolean() ? 4 : 6);
        packet.service(random.nextInt(65_536));
        packet.listener(random.nextInt(65_536));
        packet.sourceLow(random.nextBoolean() ? random.nextLong() : random.nextInt() & 0xffff_ffffL);
        packet.destinationLow(random.nextBoolean() ? random.nextLong() : random.nextInt() & 0xffff_ffffL);
        packet.sourceHigh(random.nextBoolean() ? random.nextLong() : 0);
        packet.destinationHigh(random.nextBoolean() ? random.nextLong() : 0);
        packet.sourcePort(random.nextInt(65_536));
        packet.destinationPort(random.nextInt(65_536));
        packet.lengthBytes(random.nextInt());
        packet.flowRef(random.nextBoolean() ? random.nextLong() : PacketDescriptor.NO_FLOW);
        packet.ingressTos(random.nextInt(256));
        packet.flags(random.nextInt(256));
        packet.packets(random.nextInt());
        packet.argument0(random.nextInt(4) == 0 ? random.nextLong() : 0);
        packet.argument1(random.nextInt(4) == 0 ? random.nextLong() : 0);
        packet.segmentBytes(random.nextInt(4) == 0 ? random.nextInt() : 0);
        packet.backend(random.nextInt(4) == 0 ? random.nextInt() : PacketDescriptor.NO_BACKEND);
        if (packet.kind() == EventKind.RESTORE) {
            for (int at = 0; at < FlowLayout.REMEMBERED_SIZE; at += Long.BYTES) {
                STATE.set(ValueLayout.JAVA_LONG, at, random.nextLong());
            }
            packet.payloadAddress(STATE.address());
        }
    }

    @SuppressWarnings("restricted")
    private static byte[] state(PacketDescriptor packet) {
        return MemorySegment.ofAddress(packet.payloadAddress())
                .reinterpret(FlowLayout.REMEMBERED_SIZE)
                .toArray(ValueLayout.JAVA_BYTE);
    }

    @SuppressWarnings("restricted")
    private static byte[] bytes(PacketDescriptor packet) {
        return MemorySegment.ofAddress(packet.address())
                .reinterpret(DescriptorLayout.SIZE)
                .toArray(ValueLayout.JAVA_BYTE);
    }
}
