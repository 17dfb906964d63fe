package io.marchproxy.l3l4.engine.state;

/**
 * Where each field of a remembered flow stands. All numbers are little-endian. Change anything and {@link #VERSION} counts up,
 * which is in the file's name; a test pins every offset.
 *
 * <pre>
 * key
 *  0| client address, high             |  8| client address, low
 * 16| listener address, high           | 24| listener address, low
 * 32| client port | listener port      | 36| protocol | ip version | 0
 * 40| service                          |
 *
 * value
 *  0| class | dscp | tcp flags | end   |  4| dropped packets
 *  8| backend                          | 16| packets to backend
 * 24| bytes to backend                 | 32| packets to client
 * 40| bytes to client                  | 48| first seen, µs since 1970
 * 56| last seen, µs since 1970         | 64| round trip, µs | 68| rule | 70| ICMP errors | 0
 * </pre>
 *
 * <p>An IPv4 address stands in the low word's low 32 bits, the high word being 0. Service and backend are {@link StableIds}. The
 * code point is the rule's, or {@code PacketDescriptor.DSCP_UNCHANGED} when the class's own was set. End: the ordinal of a
 * {@code FlowEnd}, or {@link #LIVES}. Round trip: how long the TCP connect to the backend took; 0 when that is not known.
 */
public final class FlowStateLayout {
    /** Counts up with every change. */
    public static final int VERSION = 1;

    public static final int CLIENT_HIGH = 0;
    public static final int CLIENT_LOW = 8;
    public static final int LISTENER_HIGH = 16;
    public static final int LISTENER_LOW = 24;
    public static final int CLIENT_PORT = 32;
    public static final int LISTENER_PORT = 34;
    public static final int PROTOCOL = 36;
    public static final int IP_VERSION = 37;
    public static final int SERVICE = 40;
    public static final int KEY_SIZE = 48;

    public static final int TRAFFIC_CLASS = 0;
    public static final int DSCP = 1;
    public static final int TCP_FLAGS = 2;
    public static final int END = 3;
    public static final int DROPPED_PACKETS = 4;
    public static final int BACKEND = 8;
    public static final int PACKETS_TO_BACKEND = 16;
    public static final int BYTES_TO_BACKEND = 24;
    public static final int PACKETS_TO_CLIENT = 32;
    public static final int BYTES_TO_CLIENT = 40;
    public static final int FIRST_SEEN_US = 48;
    public static final int LAST_SEEN_US = 56;
    public static final int ROUND_TRIP_US = 64;
    public static final int RULE = 68;
    public static final int ICMP_ERRORS = 70;
    public static final int VALUE_SIZE = 72;

    /** In the place of an end, of a flow that lived when it was written. */
    public static final int LIVES = 0xff;

    private FlowStateLayout() {}
}
