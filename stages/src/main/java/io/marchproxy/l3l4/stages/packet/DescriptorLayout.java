package io.marchproxy.l3l4.stages.packet;

/**
 * Where each field of a packet descriptor stands. Two cache lines: the first is what came in and never changes after
 * ingress, the second is what the stages decided.
 *
 * <pre>
 *        0       1       2       3       4       5       6       7
 *   +-------+-------+-------+-------+-------+-------+-------+-------+
 *  0| kind  |proto  | ipVer | dir   |   service     |   listener    |
 *   +-------+-------+-------+-------+-------+-------+-------+-------+
 *  8|                          arrival ns                           |
 * 16|                    source address, high                       |
 * 24|                    source address, low                        |
 * 32|                    destination address, high                  |
 * 40|                    destination address, low                   |
 * 48|  source port  |  dest. port   |        length bytes           |
 * 56|                    flow reference                             |
 *   +---------------------------------------------------------------+
 * 64|verdict| drop  | class | dscp  |    rule       | inTos | flags |
 * 72|          backend              |        flow hash              |
 * 80|                          release ns                           |
 * 88|                         payload address                       |
 * 96|                          argument 0                           |
 *104|                          argument 1                           |
 *112|         packets               |        segment bytes          |
 *120|                   likely flow, complemented                   |
 *   +---------------------------------------------------------------+
 * </pre>
 *
 * <p>{@code inTos} is the octet of an IP header that holds code point and ECN field: the upper six bits and the lower two.
 *
 * <p>An IPv4 address stands in the low word's low 32 bits with the high word 0; {@code ipVer} (4 or 6) tells the families
 * apart. Ports and addresses are numbers in native order, not wire order.
 */
public final class DescriptorLayout {
    /** A descriptor's size in bytes; slabs keep descriptors aligned to it. */
    public static final int SIZE = 128;

    public static final int KIND = 0;
    public static final int PROTOCOL = 1;
    public static final int IP_VERSION = 2;
    public static final int DIRECTION = 3;
    public static final int SERVICE = 4;
    public static final int LISTENER = 6;
    public static final int ARRIVAL_NS = 8;
    public static final int SOURCE_HIGH = 16;
    public static final int SOURCE_LOW = 24;
    public static final int DESTINATION_HIGH = 32;
    public static final int DESTINATION_LOW = 40;
    public static final int SOURCE_PORT = 48;
    public static final int DESTINATION_PORT = 50;
    public static final int LENGTH_BYTES = 52;
    public static final int FLOW_REF = 56;

    public static final int VERDICT = 64;
    public static final int DROP_REASON = 65;
    public static final int TRAFFIC_CLASS = 66;
    public static final int EGRESS_DSCP = 67;
    public static final int RULE = 68;
    public static final int INGRESS_TOS = 70;
    public static final int FLAGS = 71;
    public static final int BACKEND = 72;
    public static final int FLOW_HASH = 76;
    public static final int RELEASE_NS = 80;
    public static final int PAYLOAD_ADDRESS = 88;
    public static final int ARGUMENT_0 = 96;
    public static final int ARGUMENT_1 = 104;
    public static final int PACKETS = 112;
    public static final int SEGMENT_BYTES = 116;
    public static final int LIKELY_FLOW = 120;

    private DescriptorLayout() {}
}
