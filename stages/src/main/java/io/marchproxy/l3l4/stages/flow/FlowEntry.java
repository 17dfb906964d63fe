package io.marchproxy.l3l4.stages.flow;

import io.marchproxy.l3l4.stages.packet.DescriptorLayout;
import io.marchproxy.l3l4.stages.packet.Memory;
import io.marchproxy.l3l4.stages.packet.PacketDescriptor;
import java.nio.ByteOrder;

/**
 * Reads and writes the fields of the flow entry at an address, as {@link FlowLayout} places them. Static, since an address
 * is all that an entry is: a view object per look-up would have to be reused or proven away.
 */
public final class FlowEntry {
    /** Of class, code point and rule as one number: all but the class's marks, which stand in its first byte. */
    private static final int WITHOUT_MARKS = ByteOrder.nativeOrder() == ByteOrder.LITTLE_ENDIAN
            ? ~FlowLayout.EACH_PACKET
            : ~(FlowLayout.EACH_PACKET << 24);

    private FlowEntry() {}

    public static int protocol(long entry) {
        return Byte.toUnsignedInt(Memory.getByte(entry + FlowLayout.PROTOCOL));
    }

    public static int service(long entry) {
        return Short.toUnsignedInt(Memory.getShort(entry + FlowLayout.SERVICE));
    }

    public static int hash(long entry) {
        return Memory.getInt(entry + FlowLayout.HASH);
    }

    public static int generation(long entry) {
        return Memory.getInt(entry + FlowLayout.GENERATION);
    }

    /** The backend's number, or −1. */
    public static int backend(long entry) {
        return Memory.getInt(entry + FlowLayout.BACKEND);
    }

    public static void backend(long entry, int value) {
        Memory.putInt(entry + FlowLayout.BACKEND, value);
    }

    public static int trafficClass(long entry) {
        return Memory.getByte(entry + FlowLayout.TRAFFIC_CLASS) & FlowLayout.CLASS_MASK;
    }

    /** What stands beside the class: {@link FlowLayout#EACH_PACKET}, or 0. */
    public static int marks(long entry) {
        return Memory.getByte(entry + FlowLayout.TRAFFIC_CLASS) & FlowLayout.EACH_PACKET;
    }

    public static void marks(long entry, int value) {
        Memory.putByte(entry + FlowLayout.TRAFFIC_CLASS, (byte) (trafficClass(entry) | value));
    }

    /** The code point that the rule asks for, or {@code DSCP_UNCHANGED} when the class's own is to be set. */
    public static int dscp(long entry) {
        return Byte.toUnsignedInt(Memory.getByte(entry + FlowLayout.DSCP));
    }

    /** One more than the index of the rule that matched, or 0. */
    public static int rule(long entry) {
        return Short.toUnsignedInt(Memory.getShort(entry + FlowLayout.RULE));
    }

    /** Sets what classification found for the flow, and takes the marks away. */
    public static void classified(long entry, int trafficClass, int dscp, int rule) {
        Memory.putByte(entry + FlowLayout.TRAFFIC_CLASS, (byte) trafficClass);
        Memory.putByte(entry + FlowLayout.DSCP, (byte) dscp);
        Memory.putShort(entry + FlowLayout.RULE, (short) rule);
    }

    /**
     * Writes into a descriptor what its flow was classified as: service, class, code point, rule and hash. Class, code point and
     * rule stand side by side in both layouts, and are copied as the one number that they are in either; what stands beside the
     * class in an entry is taken away.
     */
    public static void describe(long entry, PacketDescriptor packet) {
        long descriptor = packet.address();
        Memory.putShort(descriptor + DescriptorLayout.SERVICE, Memory.getShort(entry + FlowLayout.SERVICE));
        Memory.putInt(
                descriptor + DescriptorLayout.TRAFFIC_CLASS,
                Memory.getInt(entry + FlowLayout.TRAFFIC_CLASS) & WITHOUT_MARKS);
        Memory.putInt(descriptor + DescriptorLayout.FLOW_HASH, Memory.getInt(entry + FlowLayout.HASH));
    }

    /** Writes into a descriptor what a packet from the flow's client has: addresses, ports, protocol and service. */
    public static void nameClient(long entry, PacketDescriptor packet) {
        long descriptor = packet.address();
        Memory.copy(
                entry + FlowLayout.CLIENT_HIGH,
                descriptor + DescriptorLayout.SOURCE_HIGH,
                FlowLayout.PROTOCOL - FlowLayout.CLIENT_HIGH);
        packet.protocol(protocol(entry));
        packet.ipVersion(Byte.toUnsignedInt(Memory.getByte(entry + FlowLayout.IP_VERSION)));
        packet.service(service(entry));
    }

    public static long lastSeenNs(long entry) {
        return Memory.getLong(entry + FlowLayout.LAST_SEEN_NS);
    }

    public static void lastSeenNs(long entry, long value) {
        Memory.putLong(entry + FlowLayout.LAST_SEEN_NS, value);
    }

    public static long firstSeenNs(long entry) {
        return Memory.getLong(entry + FlowLayout.FIRST_SEEN_NS);
    }

    public static void firstSeenNs(long entry, long value) {
        Memory.putLong(entry + FlowLayout.FIRST_SEEN_NS, value);
    }

    public static long packetsToBackend(long entry) {
        return Memory.getLong(entry + FlowLayout.PACKETS_TO_BACKEND);
    }

    public static long bytesToBackend(long entry) {
        return Memory.getLong(entry + FlowLayout.BYTES_TO_BACKEND);
    }

    public static long packetsToClient(long entry) {
        return Memory.getLong(entry + FlowLayout.PACKETS_TO_CLIENT);
    }

    public static long bytesToClient(long entry) {
        return Memory.getLong(entry + FlowLayout.BYTES_TO_CLIENT);
    }

    /** Counts packets that came from the client. */
    public static void countToBackend(long entry, int packets, int bytes) {
        Memory.putLong(entry + FlowLayout.PACKETS_TO_BACKEND, packetsToBackend(entry) + packets);
        Memory.putLong(entry + FlowLayout.BYTES_TO_BACKEND, bytesToBackend(entry) + bytes);
    }

    /** Counts packets that came from the backend. */
    public static void countToClient(long entry, int packets, int bytes) {
        Memory.putLong(entry + FlowLayout.PACKETS_TO_CLIENT, packetsToClient(entry) + packets);
        Memory.putLong(entry + FlowLayout.BYTES_TO_CLIENT, bytesToClient(entry) + bytes);
    }

    public static int droppedPackets(long entry) {
        return Memory.getInt(entry + FlowLayout.DROPPED_PACKETS);
    }

    public static void countDropped(long entry, int packets) {
        Memory.putInt(entry + FlowLayout.DROPPED_PACKETS, droppedPackets(entry) + packets);
    }

    public static void droppedPackets(long entry, int value) {
        Memory.putInt(entry + FlowLayout.DROPPED_PACKETS, value);
    }

    /** Of a TCP flow: what was seen of it, in the bits of a TCP header ({@code TcpView}). */
    public static int tcpFlags(long entry) {
        return Byte.toUnsignedInt(Memory.getByte(entry + FlowLayout.TCP_FLAGS));
    }

    /** Adds to what was seen of a TCP flow. */
    public static void sawTcpFlags(long entry, int flags) {
        Memory.putByte(entry + FlowLayout.TCP_FLAGS, (byte) (tcpFlags(entry) | flags));
    }

    /** Of a TCP flow that has a connection to its backend: how long that took to come about, in nanoseconds. */
    public static long connectNs(long entry) {
        return Memory.getLong(entry + FlowLayout.CONNECT_NS);
    }

    /** Takes the place of the tried backends: there is nothing left to try. */
    public static void connectNs(long entry, long value) {
        Memory.putLong(entry + FlowLayout.CONNECT_NS, value);
    }

    /** Of a flow of IP packets: the version of the routes by which its gateway was chosen. */
    public static int routesVersion(long entry) {
        return Memory.getInt(entry + FlowLayout.ROUTES_VERSION);
    }

    public static void routesVersion(long entry, int value) {
        Memory.putInt(entry + FlowLayout.ROUTES_VERSION, value);
    }

    /** 4 or 6. */
    public static int ipVersion(long entry) {
        return Byte.toUnsignedInt(Memory.getByte(entry + FlowLayout.IP_VERSION));
    }

    /** First 64 bits of the address that the client wrote to; 0 for IPv4. */
    public static long listenerHigh(long entry) {
        return Memory.getLong(entry + FlowLayout.LISTENER_HIGH);
    }

    /** Last 64 bits of the address that the client wrote to, or the 32 bits of IPv4. */
    public static long listenerLow(long entry) {
        return Memory.getLong(entry + FlowLayout.LISTENER_LOW);
    }

    /** Of a TCP flow without a connection to a backend yet: the backends tried, one bit for each by its number modulo 64. */
    public static long tried(long entry) {
        return Memory.getLong(entry + FlowLayout.TRIED);
    }

    public static void tried(long entry, long value) {
        Memory.putLong(entry + FlowLayout.TRIED, value);
    }

    /** Of a TCP flow: connects so far, at most 255. */
    public static int tries(long entry) {
        return Byte.toUnsignedInt(Memory.getByte(entry + FlowLayout.TRIES));
    }

    public static void tries(long entry, int value) {
        Memory.putByte(entry + FlowLayout.TRIES, (byte) Math.min(value, 255));
    }

    /** Of a UDP flow: ICMP errors so far; stays at 255. */
    public static int icmpErrors(long entry) {
        return Byte.toUnsignedInt(Memory.getByte(entry + FlowLayout.ICMP_ERRORS));
    }

    public static void countIcmpError(long entry) {
        Memory.putByte(entry + FlowLayout.ICMP_ERRORS, (byte) Math.min(icmpErrors(entry) + 1, 255));
    }

    /** Of a UDP flow with a reply limit: datagrams that the client still waits for; 65,535 stands for too many to count. */
    public static int repliesLeft(long entry) {
        return Short.toUnsignedInt(Memory.getShort(entry + FlowLayout.REPLIES_LEFT));
    }

    public static void repliesLeft(long entry, int value) {
        Memory.putShort(entry + FlowLayout.REPLIES_LEFT, (short) value);
    }
}
