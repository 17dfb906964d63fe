package io.marchproxy.l3l4.engine.state;

import io.marchproxy.l3l4.engine.journal.FlowPhase;
import io.marchproxy.l3l4.engine.journal.Records;
import io.marchproxy.l3l4.stages.flow.FlowEntry;
import io.marchproxy.l3l4.stages.flow.FlowLayout;
import io.marchproxy.l3l4.stages.packet.IpPacket;
import io.marchproxy.l3l4.stages.packet.Memory;
import io.marchproxy.l3l4.stages.packet.TcpView;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.ByteOrder;
import java.util.concurrent.TimeUnit;

/** A flow on its way from a shard's record into the map: key and value as {@link FlowStateLayout} places them. One thread. */
final class RememberedFlow {
    private static final VarHandle LONG = MethodHandles.byteArrayViewVarHandle(long[].class, ByteOrder.LITTLE_ENDIAN);
    private static final VarHandle INT = MethodHandles.byteArrayViewVarHandle(int[].class, ByteOrder.LITTLE_ENDIAN);
    private static final VarHandle SHORT = MethodHandles.byteArrayViewVarHandle(short[].class, ByteOrder.LITTLE_ENDIAN);

    final byte[] key = new byte[FlowStateLayout.KEY_SIZE];
    final byte[] value = new byte[FlowStateLayout.VALUE_SIZE];

    /**
     * Takes a FLOW record over.
     *
     * @param record its address
     * @param epochNs the wall clock less the shards' monotonic time
     * @return false when the service has no name, which should not happen
     */
    boolean set(long record, StableNames names, long epochNs) {
        long entry = Records.flowEntry(record);
        long service = names.service(FlowEntry.service(entry));
        if (service == StableIds.NONE) {
            return false;
        }
        setKey(entry, service);
        boolean ended = Records.phase(record) == FlowPhase.END;
        value[FlowStateLayout.TRAFFIC_CLASS] = (byte) FlowEntry.trafficClass(entry);
        value[FlowStateLayout.DSCP] = (byte) FlowEntry.dscp(entry);
        value[FlowStateLayout.END] = (byte) (ended ? Records.flowReason(record) : FlowStateLayout.LIVES);
        INT.set(value, FlowStateLayout.DROPPED_PACKETS, FlowEntry.droppedPackets(entry));
        LONG.set(value, FlowStateLayout.BACKEND, names.backend(FlowEntry.backend(entry)));
        LONG.set(value, FlowStateLayout.PACKETS_TO_BACKEND, FlowEntry.packetsToBackend(entry));
        LONG.set(value, FlowStateLayout.BYTES_TO_BACKEND, FlowEntry.bytesToBackend(entry));
        LONG.set(value, FlowStateLayout.PACKETS_TO_CLIENT, FlowEntry.packetsToClient(entry));
        LONG.set(value, FlowStateLayout.BYTES_TO_CLIENT, FlowEntry.bytesToClient(entry));
        LONG.set(value, FlowStateLayout.FIRST_SEEN_US, micros(FlowEntry.firstSeenNs(entry) + epochNs));
        LONG.set(value, FlowStateLayout.LAST_SEEN_US, micros(FlowEntry.lastSeenNs(entry) + epochNs));
        SHORT.set(value, FlowStateLayout.RULE, (short) FlowEntry.rule(entry));
        if (FlowEntry.protocol(entry) == IpPacket.TCP) {
            setTcp(entry);
        } else {
            value[FlowStateLayout.TCP_FLAGS] = 0;
            INT.set(value, FlowStateLayout.ROUND_TRIP_US, 0);
            value[FlowStateLayout.ICMP_ERRORS] = (byte) FlowEntry.icmpErrors(entry);
        }
        return true;
    }

    private void setKey(long entry, long service) {
        LONG.set(key, FlowStateLayout.CLIENT_HIGH, Memory.getLong(entry + FlowLayout.CLIENT_HIGH));
        LONG.set(key, FlowStateLayout.CLIENT_LOW, Memory.getLong(entry + FlowLayout.CLIENT_LOW));
        LONG.set(key, FlowStateLayout.LISTENER_HIGH, Memory.getLong(entry + FlowLayout.LISTENER_HIGH));
        LONG.set(key, FlowStateLayout.LISTENER_LOW, Memory.getLong(entry + FlowLayout.LISTENER_LOW));
        SHORT.set(key, FlowStateLayout.CLIENT_PORT, Memory.getShort(entry + FlowLayout.CLIENT_PORT));
        SHORT.set(key, FlowStateLayout.LISTENER_PORT, Memory.getShort(entry + FlowLayout.LISTENER_PORT));
        key[FlowStateLayout.PROTOCOL] = Memory.getByte(entry + FlowLayout.PROTOCOL);
        key[FlowStateLayout.IP_VERSION] = Memory.getByte(entry + FlowLayout.IP_VERSION);
        LONG.set(key, FlowStateLayout.SERVICE, service);
    }

    private void setTcp(long entry) {
        int flags = FlowEntry.tcpFlags(entry);
        // A flow of IP packets was connected by others, and has something else where our connects' times stand.
        boolean connected = FlowEntry.tries(entry) > 0 && (flags & TcpView.ACK) != 0;
        value[FlowStateLayout.TCP_FLAGS] = (byte) flags;
        long roundTripUs = connected ? micros(FlowEntry.connectNs(entry)) : 0;
        INT.set(value, FlowStateLayout.ROUND_TRIP_US, Math.clamp(roundTripUs, 0, Integer.MAX_VALUE));
        value[FlowStateLayout.ICMP_ERRORS] = 0;
    }

    private static long micros(long ns) {
        return Math.floorDiv(ns, TimeUnit.MICROSECONDS.toNanos(1));
    }

    /** When the flow in it was last seen, in µs since 1970. */
    static long lastSeenUs(byte[] value) {
        return (long) LONG.get(value, FlowStateLayout.LAST_SEEN_US);
    }

    /** A number of 64 bits in a key or a value. */
    static long longAt(byte[] bytes, int at) {
        return (long) LONG.get(bytes, at);
    }

    /** A number of 32 bits in a key or a value. */
    static int intAt(byte[] bytes, int at) {
        return (int) INT.get(bytes, at);
    }

    /** A number of 16 bits without a sign in a key or a value. */
    static int shortAt(byte[] bytes, int at) {
        return Short.toUnsignedInt((short) SHORT.get(bytes, at));
    }

    /** A number of 8 bits without a sign in a key or a value. */
    static int byteAt(byte[] bytes, int at) {
        return Byte.toUnsignedInt(bytes[at]);
    }
}
