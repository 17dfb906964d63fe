package io.marchproxy.l3l4.bench;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.marchproxy.l3l4.engine.shard.DescriptorRing;
import io.marchproxy.l3l4.stages.flow.FlowLayout;
import io.marchproxy.l3l4.stages.packet.CacheLines;
import io.marchproxy.l3l4.stages.packet.DescriptorLayout;
import io.marchproxy.l3l4.stages.packet.Direction;
import io.marchproxy.l3l4.stages.packet.PacketDescriptor;
import io.marchproxy.l3l4.stages.pipeline.DropReason;
import io.marchproxy.l3l4.stages.pipeline.TrafficBooks;
import java.lang.foreign.Arena;
import java.lang.reflect.Field;
import java.lang.reflect.Modifier;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * What different threads write never shares a cache line, nor a pair of lines that a processor fetches together. It stands here
 * because only bench has every module on its class path. {@code SharingBenchmark} shows what sharing would cost.
 */
class CacheLinesTest {
    private static final String ROOT = "io.marchproxy.l3l4.";

    /** An object's header at its smallest. */
    private static final int HEADER_BYTES = 8;

    /** Each begins with unused bytes, so that none of them can share a line with one that stands before it in the heap. */
    @ParameterizedTest
    @ValueSource(
            strings = {
                "stages.pipeline.Pipeline",
                "stages.shape.ShapeStage",
                "stages.trace.TraceStage",
                "stages.route.ServicePool",
                "stages.flow.FlowTimers",
                "engine.flow.OffHeapFlowTable",
                "engine.shard.DescriptorRing$Producer",
                "engine.shard.IngressRing",
                "engine.shard.Egress",
                "engine.shard.BatchTimer",
                "engine.shard.Doorbell",
                "engine.udp.PacketBuffers$Cursor"
            })
    void shouldBeginStateOfOneThreadFarFromWhatStandsBeforeIt(String name) throws ReflectiveOperationException {
        int checked = 0;
        for (Field field : Class.forName(ROOT + name).getDeclaredFields()) {
            if (!Modifier.isStatic(field.getModifiers())) {
                long offset = offset(field);
                assertTrue(offset >= HEADER_BYTES + CacheLines.APART_BYTES, field.getName() + " at " + offset);
                checked++;
            }
        }
        assertTrue(checked > 0);
    }

    @Test
    void shouldKeepTheEndsOfTheBooksFree() throws ReflectiveOperationException {
        TrafficBooks books = new TrafficBooks(2);
        for (int service = 0; service < 3; service++) {
            for (Direction direction : Direction.values()) {
                books.in(service, 0, direction, 1, 1);
                books.dropped(service, 3, direction, DropReason.of(DropReason.count() - 1), 1, 1);
            }
        }
        assertEndsAreFree((long[]) read(books, "cells"));
    }

    @ParameterizedTest
    @ValueSource(strings = {"engine.shard.BackendCounters", "engine.udp.UdpCounters$Part"})
    void shouldKeepTheEndsOfCountersFree(String name) throws ReflectiveOperationException {
        Class<?> type = Class.forName(ROOT + name);
        var constructor = type.getDeclaredConstructor();
        constructor.setAccessible(true);
        Object counters = constructor.newInstance();
        for (var method : type.getDeclaredMethods()) {
            method.setAccessible(true);
            Class<?>[] parameters = method.getParameterTypes();
            if (method.getName().equals("increment")) {
                for (Object counter : parameters[0].getEnumConstants()) {
                    method.invoke(counters, counter);
                }
            } else if (method.getName().equals("selected")) {
                method.invoke(counters, 0);
                method.invoke(counters, 5);
            } else if (method.getName().equals("bytes")) {
                method.invoke(counters, 0, Direction.TO_CLIENT, 9L);
                method.invoke(counters, 6, Direction.TO_CLIENT, 9L);
            }
        }
        assertEndsAreFree((long[]) read(counters, "cells"));
    }

    @Test
    void shouldGiveEachSlotItsOwnLines() {
        assertEquals(0, DescriptorLayout.SIZE % CacheLines.APART_BYTES);
        assertEquals(0, FlowLayout.SIZE % CacheLines.APART_BYTES);
        try (Arena arena = Arena.ofConfined()) {
            DescriptorRing ring = new DescriptorRing(arena, 8);
            List<Long> places = new ArrayList<>();
            for (PacketDescriptor slot = ring.tryClaim(0); slot != null; slot = ring.tryClaim(0)) {
                places.add(slot.address());
                ring.publish();
            }
            assertEquals(8, places.size());
            for (int i = 0; i < places.size(); i++) {
                assertEquals(0, places.get(i) % CacheLines.APART_BYTES);
                assertEquals(places.getFirst() + (long) i * DescriptorLayout.SIZE, places.get(i));
            }
        }
    }

    /** The ring's own object is written once; its cursors are the Disruptor's, each with a line's rest on either side. */
    @Test
    void shouldWriteNothingInARingButItsCursors() throws ReflectiveOperationException {
        for (Field field : DescriptorRing.class.getDeclaredFields()) {
            assertTrue(Modifier.isFinal(field.getModifiers()), field.getName());
        }
        Class<?> cursor = Class.forName("com.lmax.disruptor.Sequence").getSuperclass();
        Class<?> value = cursor.getSuperclass();
        assertTrue(offset(value.getDeclaredField("value")) >= 64 - Long.BYTES);
        assertEquals(64 - Long.BYTES, cursor.getDeclaredFields().length);
    }

    private static void assertEndsAreFree(long[] cells) {
        long[] start = Arrays.copyOf(cells, CacheLines.PADDING_LONGS);
        long[] end = Arrays.copyOfRange(cells, cells.length - CacheLines.PADDING_LONGS, cells.length);
        assertTrue(Arrays.stream(cells).sum() > 0);
        assertEquals(0, Arrays.stream(start).sum());
        assertEquals(0, Arrays.stream(end).sum());
    }

    private static Object read(Object object, String field) throws ReflectiveOperationException {
        Field found = object.getClass().getDeclaredField(field);
        found.setAccessible(true);
        return found.get(object);
    }

    /** By reflection, so that no class but one knows Unsafe. */
    private static long offset(Field field) throws ReflectiveOperationException {
        Class<?> unsafe = Class.forName("sun.misc.Unsafe");
        Field only = unsafe.getDeclaredField("theUnsafe");
        only.setAccessible(true);
        return (long) unsafe.getMethod("objectFieldOffset", Field.class).invoke(only.get(null), field);
    }
}
