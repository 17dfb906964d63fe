package io.marchproxy.l3l4.stages.flow;

/**
 * Where each field of a flow's state stands. Two cache lines: the first holds the key and what every packet reads, the
 * second what packets count.
 *
 * <pre>
 *  0| client address, high             |  8| client address, low
 * 16| listener address, high           | 24| listener address, low
 * 32| client port | listener port      | 36| protocol | ip version | service
 * 40| flow hash     | 44| generation   | 48| backend  | 52| class | dscp | rule
 * 56| last seen ns
 *   +---------------------------------------------------------------
 * 64| first seen ns                    | 72| packets to backend
 * 80| bytes to backend                 | 88| packets to client
 * 96| bytes to client                  |104| TCP: tried backends, one bit each, then what the connect took in ns; UDP: session previous | session next; IP packets: routes version
 *112| timer previous | 116| timer next |120| TCP: tries, UDP: ICMP errors | TCP flags | replies left |124| dropped packets
 * </pre>
 *
 * <p>Fields that only connections need, that only sessions need and that only flows of IP packets need share their place: there is no room
 * beside them. Which it is follows from the service, not from the protocol alone: a flow of IP packets may well be one of TCP, but is
 * never connected from here ({@link #TRIES} is 0), stands in no list of sessions, and is sent no event but packets. Above the two bits of the class stands
 * a mark that is never seen outside of the classify stage.
 */
public final class FlowLayout {
    /** An entry's size in bytes; tables keep entries aligned to a cache line. */
    public static final int SIZE = 128;

    public static final int CLIENT_HIGH = 0;
    public static final int CLIENT_LOW = 8;
    public static final int LISTENER_HIGH = 16;
    public static final int LISTENER_LOW = 24;
    public static final int CLIENT_PORT = 32;
    public static final int LISTENER_PORT = 34;
    public static final int PROTOCOL = 36;
    public static final int IP_VERSION = 37;
    public static final int SERVICE = 38;
    public static final int HASH = 40;
    public static final int GENERATION = 44;
    public static final int BACKEND = 48;
    public static final int TRAFFIC_CLASS = 52;
    public static final int DSCP = 53;
    public static final int RULE = 54;
    public static final int LAST_SEEN_NS = 56;
    public static final int FIRST_SEEN_NS = 64;
    public static final int PACKETS_TO_BACKEND = 72;
    public static final int BYTES_TO_BACKEND = 80;
    public static final int PACKETS_TO_CLIENT = 88;
    public static final int BYTES_TO_CLIENT = 96;
    public static final int TRIED = 104;
    public static final int CONNECT_NS = 104;
    public static final int ROUTES_VERSION = 104;
    public static final int SESSION_PREVIOUS = 104;
    public static final int SESSION_NEXT = 108;
    public static final int TIMER_PREVIOUS = 112;
    public static final int TIMER_NEXT = 116;
    public static final int TRIES = 120;
    public static final int ICMP_ERRORS = 120;
    public static final int TCP_FLAGS = 121;
    public static final int REPLIES_LEFT = 122;
    public static final int DROPPED_PACKETS = 124;

    /** Of the class's byte, the class. */
    public static final int CLASS_MASK = 3;

    /** Mark: rules look at each of its packets, which may so be of another class than the flow. */
    public static final int EACH_PACKET = 0x40;

    /** What a session that is found again goes on with: last and first seen, and the four counters. */
    public static final int REMEMBERED = LAST_SEEN_NS;

    public static final int REMEMBERED_SIZE = BYTES_TO_CLIENT + Long.BYTES - LAST_SEEN_NS;

    private FlowLayout() {}
}
