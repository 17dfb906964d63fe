package io.marchproxy.l3l4.engine.state;

import io.marchproxy.l3l4.engine.settings.CompiledSettings.CompiledService;
import io.marchproxy.l3l4.engine.shard.SessionSource;
import io.marchproxy.l3l4.stages.flow.FlowEnd;
import io.marchproxy.l3l4.stages.flow.FlowEntry;
import io.marchproxy.l3l4.stages.flow.FlowLayout;
import io.marchproxy.l3l4.stages.packet.IpPacket;
import io.marchproxy.l3l4.stages.packet.Memory;
import io.marchproxy.l3l4.stages.packet.PacketDescriptor;
import java.lang.foreign.Arena;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;

/**
 * The UDP sessions that go on after a restart, in the numbers of this process: those that are younger than their service's
 * time-out by the wall clock. Filled by one thread, then read by any.
 */
final class RestoredSessions implements SessionSource {
    private static final int CHUNK = 1024;

    private final Arena arena = Arena.ofShared();
    private final List<Long> chunks = new ArrayList<>();
    private final StableNames names;
    private final long nowUs;
    private final long nowNs;
    private int count;

    /**
     * None yet.
     *
     * @param nowUs the wall clock in µs since 1970
     * @param nowNs the shards' monotonic time at that moment
     */
    RestoredSessions(StableNames names, long nowUs, long nowNs) {
        this.names = names;
        this.nowUs = nowUs;
        this.nowNs = nowNs;
    }

    /** Whether a flow is a UDP session that its client may go on with. */
    static boolean mayGoOn(byte[] key, byte[] value, StableNames names, long nowUs) {
        int end = RememberedFlow.byteAt(value, FlowStateLayout.END);
        boolean endedByItself = end != FlowStateLayout.LIVES && end != FlowEnd.CLOSED.ordinal();
        if (RememberedFlow.byteAt(key, FlowStateLayout.PROTOCOL) != IpPacket.UDP || endedByItself) {
            return false;
        }
        CompiledService service = names.udpService(RememberedFlow.longAt(key, FlowStateLayout.SERVICE));
        if (service == null) {
            return false;
        }
        long timeoutUs = TimeUnit.NANOSECONDS.toMicros(
                service.settings().sessionTimeout().toNanos());
        return timeoutUs == 0 || nowUs - RememberedFlow.lastSeenUs(value) < timeoutUs;
    }

    /** Takes a session in, if it may go on. */
    void add(byte[] key, byte[] value) {
        CompiledService service = names.udpService(RememberedFlow.longAt(key, FlowStateLayout.SERVICE));
        if (service == null || !mayGoOn(key, value, names, nowUs)) {
            return;
        }
        if (count == chunks.size() * CHUNK) {
            chunks.add(arena.allocate((long) CHUNK * FlowLayout.SIZE, FlowLayout.SIZE)
                    .address());
        }
        long entry = entry(count++);
        copyKey(key, entry, service.id());
        Memory.putInt(
                entry + FlowLayout.BACKEND, names.udpBackend(RememberedFlow.longAt(value, FlowStateLayout.BACKEND)));
        Memory.putLong(entry + FlowLayout.LAST_SEEN_NS, monotonicNs(value, FlowStateLayout.LAST_SEEN_US));
        Memory.putLong(entry + FlowLayout.FIRST_SEEN_NS, monotonicNs(value, FlowStateLayout.FIRST_SEEN_US));
        copy(value, FlowStateLayout.PACKETS_TO_BACKEND, entry + FlowLayout.PACKETS_TO_BACKEND);
        copy(value, FlowStateLayout.BYTES_TO_BACKEND, entry + FlowLayout.BYTES_TO_BACKEND);
        copy(value, FlowStateLayout.PACKETS_TO_CLIENT, entry + FlowLayout.PACKETS_TO_CLIENT);
        copy(value, FlowStateLayout.BYTES_TO_CLIENT, entry + FlowLayout.BYTES_TO_CLIENT);
        Memory.putInt(entry + FlowLayout.DROPPED_PACKETS, RememberedFlow.intAt(value, FlowStateLayout.DROPPED_PACKETS));
    }

    private static void copyKey(byte[] key, long entry, int service) {
        copy(key, FlowStateLayout.CLIENT_HIGH, entry + FlowLayout.CLIENT_HIGH);
        copy(key, FlowStateLayout.CLIENT_LOW, entry + FlowLayout.CLIENT_LOW);
        copy(key, FlowStateLayout.LISTENER_HIGH, entry + FlowLayout.LISTENER_HIGH);
        copy(key, FlowStateLayout.LISTENER_LOW, entry + FlowLayout.LISTENER_LOW);
        Memory.putShort(
                entry + FlowLayout.CLIENT_PORT, (short) RememberedFlow.shortAt(key, FlowStateLayout.CLIENT_PORT));
        Memory.putShort(
                entry + FlowLayout.LISTENER_PORT, (short) RememberedFlow.shortAt(key, FlowStateLayout.LISTENER_PORT));
        Memory.putByte(entry + FlowLayout.PROTOCOL, key[FlowStateLayout.PROTOCOL]);
        Memory.putByte(entry + FlowLayout.IP_VERSION, key[FlowStateLayout.IP_VERSION]);
        Memory.putShort(entry + FlowLayout.SERVICE, (short) service);
    }

    private static void copy(byte[] from, int at, long to) {
        Memory.putLong(to, RememberedFlow.longAt(from, at));
    }

    /** A clock that was set back must not make a session younger than new. */
    private long monotonicNs(byte[] value, int at) {
        return nowNs - TimeUnit.MICROSECONDS.toNanos(Math.max(0, nowUs - RememberedFlow.longAt(value, at)));
    }

    private long entry(int i) {
        return chunks.get(i / CHUNK) + (long) (i % CHUNK) * FlowLayout.SIZE;
    }

    /** Gives the memory back: every shard knows them. */
    void release() {
        arena.close();
    }

    @Override
    public int count() {
        return count;
    }

    @Override
    public void fill(int i, PacketDescriptor event) {
        long entry = entry(i);
        FlowEntry.nameClient(entry, event);
        event.backend(FlowEntry.backend(entry));
        event.segmentBytes(FlowEntry.droppedPackets(entry));
        event.argument0(count);
        event.payloadAddress(entry + FlowLayout.REMEMBERED);
    }
}
