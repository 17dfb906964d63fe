package io.marchproxy.l3l4.engine.journal;

import java.nio.ByteBuffer;
import java.util.zip.CRC32C;

/**
 * Where each field of a journal stands. All numbers are little-endian. Change anything and {@link #VERSION} counts up; a test
 * pins every offset.
 *
 * <p>A journal is a folder of Chronicle Queue files for each shard. A document of the queue is a header and records:
 *
 * <pre>
 *        0       1       2       3       4       5       6       7
 *   +-------+-------+-------+-------+-------+-------+-------+-------+
 *  0|        magic "MPJL"           |    version    |   reserved    |
 *  8|                       number of the first record in its session
 * 16|        records                |  CRC-32C of all other bytes   |     (a REPEAT counts for what it repeats)
 * 24|                       session                                 |
 *   +---------------------------------------------------------------+
 * 32| records …
 * </pre>
 *
 * <p>A session is the time from a start of the service to its end. A record is a multiple of 8 bytes long; its first byte says
 * what it is, its second how many 8-byte words it has, or 0 when its length in bytes stands at offset 4.
 *
 * <pre>
 * SESSION, SETTINGS: JSON, in pieces     | 0| type | 0 | – | length || 8| offset | total || 16| bytes, padded with zeros
 *
 * EVENT: what came in, before anything was decided; 48 bytes, wide addresses 24 more, extras 24 more, a RESTORE 48 more
 *  0| type | words | kind | form || 4| protocol | ingress tos | service || 8| listener | source port
 * 12| destination port | ip version | flags || 16| arrival ns || 24| flow reference
 * 32| length bytes | packets || 40| source, low 32 | destination, low 32   (wide: 40, 48 source; 56, 64 destination)
 *   then, with extras: argument 0 || argument 1 || backend | segment bytes
 *   then, of a RESTORE: last seen ns || first seen ns || packets, bytes to backend || packets, bytes to client
 *
 * DECISION: 24 bytes, extras 24 more
 *  0| type | words | verdict + 16 × class | drop reason || 4| egress dscp | flags | rule || 8| backend | flow hash
 * 16| flow reference || with extras: 24| release ns || 32| argument 1 || 40| service | – | –
 *
 * RELEASE: of a packet that was held: a DECISION with extras, of which 42| direction; then 48| arrival ns
 * 56| length bytes | packets
 *
 * FLOW_END: the pipeline's own end of a flow  | 0| type | words | reason || 8| flow reference || 16| time ns
 * FLOW: the mode flows | 0| type | words | phase | reason || 8| time ns || 16| flow reference || 24| FlowLayout, 128 bytes
 * REPEAT: so many times an EVENT of the kind DATA and the DECISION behind it, as a pair that stands earlier in the document but for
 * what is said here
 *  0| type | words | the pair's place, in words behind the document's header || 4| length bytes | packets | times || 8| arrival ns
 * GAP: records are missing here               | 0| type | words | cause || 8| how many
 * SNAP: the first bytes of a datagram or IP packet of the EVENT that follows, where engine.journal.snap asks for them; of a run
 * one for each datagram       | 0| type | 0 | how many || 4| length || 8| bytes, padded with zeros
 * END: the session's end                      | 0| type | words || 8| events || 16| outcomes || 24| time ns
 * </pre>
 *
 * <p>A checkpoint is all that a replay needs to begin there: the shard's state before the EVENT that follows the CHECKPOINT.
 * Its other records stand among those that come later, in any place, up to its CHECKPOINT_END; one without an end is none. In the
 * mode {@code flows} a CHECKPOINT stands alone behind each file's begin, for what the session's numbers stand for.
 *
 * <pre>
 * CHECKPOINT: JSON, in pieces as SESSION, with the settings then in force
 * STATE: numbers that the stages wrote        | 0| type | 0 | – | length || 8| index of the first | count || 16| numbers, 8 bytes each
 * SLOTS: of the flow table                    | 0| type | 0 | – | length || 8| first slot | count || 16| slots in use, a bit each
 *                                               24| of each slot: in use FlowLayout, 128 bytes; free: generation | next free slot
 * CHECKPOINT_END                              | 0| type | words || 8| numbers || 16| slots
 * </pre>
 */
public final class JournalLayout {
    /** Counts up with every change. */
    public static final int VERSION = 6;

    /** "MPJL" as a little-endian number. */
    public static final int MAGIC = 0x4c4a504d;

    public static final int DOCUMENT_MAGIC = 0;
    public static final int DOCUMENT_VERSION = 4;
    public static final int DOCUMENT_FIRST = 8;
    public static final int DOCUMENT_RECORDS = 16;
    public static final int DOCUMENT_CRC = 20;
    public static final int DOCUMENT_SESSION = 24;
    public static final int DOCUMENT_HEADER = 32;

    public static final int TYPE = 0;
    public static final int WORDS = 1;
    public static final int LONG_LENGTH = 4;

    public static final int PIECE_OFFSET = 8;
    public static final int PIECE_TOTAL = 12;
    public static final int PIECE_BYTES = 16;

    public static final int EVENT_KIND = 2;
    public static final int EVENT_FORM = 3;
    public static final int EVENT_PROTOCOL = 4;
    public static final int EVENT_INGRESS_TOS = 5;
    public static final int EVENT_SERVICE = 6;
    public static final int EVENT_LISTENER = 8;
    public static final int EVENT_SOURCE_PORT = 10;
    public static final int EVENT_DESTINATION_PORT = 12;
    public static final int EVENT_IP_VERSION = 14;
    public static final int EVENT_FLAGS = 15;
    public static final int EVENT_ARRIVAL_NS = 16;
    public static final int EVENT_FLOW_REF = 24;
    public static final int EVENT_LENGTH_BYTES = 32;
    public static final int EVENT_PACKETS = 36;
    public static final int EVENT_ADDRESSES = 40;
    public static final int NARROW_ADDRESSES = 8;
    public static final int WIDE_ADDRESSES = 32;
    public static final int EXTRAS = 24;

    /** Bits of the form: the direction, 16-byte addresses, extras. */
    public static final int FORM_TO_CLIENT = 1;

    public static final int FORM_WIDE = 2;
    public static final int FORM_EXTRAS = 4;

    public static final int DECISION_VERDICT = 2;
    public static final int DECISION_DROP = 3;
    public static final int DECISION_EGRESS_DSCP = 4;
    public static final int DECISION_FLAGS = 5;
    public static final int DECISION_RULE = 6;
    public static final int DECISION_BACKEND = 8;
    public static final int DECISION_FLOW_HASH = 12;
    public static final int DECISION_FLOW_REF = 16;
    public static final int DECISION_RELEASE_NS = 24;
    public static final int DECISION_ARGUMENT_1 = 32;
    public static final int DECISION_SERVICE = 40;
    public static final int RELEASE_DIRECTION = 42;
    public static final int RELEASE_ARRIVAL_NS = 48;
    public static final int RELEASE_LENGTH_BYTES = 56;
    public static final int RELEASE_PACKETS = 60;
    public static final int CLASS_SHIFT = 4;
    public static final int VERDICT_MASK = (1 << CLASS_SHIFT) - 1;

    public static final int REPEAT_OF = 2;
    public static final int REPEAT_LENGTH_BYTES = 4;
    public static final int REPEAT_PACKETS = 6;
    public static final int REPEAT_TIMES = 7;
    public static final int REPEAT_ARRIVAL_NS = 8;
    public static final int REPEAT_LENGTH = 16;
    public static final int MOST_TIMES = 255;

    public static final int END_REASON = 2;
    public static final int END_FLOW_REF = 8;
    public static final int END_TIME_NS = 16;

    public static final int FLOW_PHASE = 2;
    public static final int FLOW_REASON = 3;
    public static final int FLOW_TIME_NS = 8;
    public static final int FLOW_REF = 16;
    public static final int FLOW_ENTRY = 24;

    public static final int GAP_CAUSE = 2;
    public static final int GAP_RECORDS = 8;

    public static final int SESSION_END_EVENTS = 8;
    public static final int SESSION_END_OUTCOMES = 16;
    public static final int SESSION_END_TIME_NS = 24;

    public static final int SNAP_CAPTURED = 2;
    public static final int SNAP_BYTES = 8;

    static final int TEXT_TYPE = 2;
    static final int TEXT_LENGTH = 8;

    public static final int STATE_INDEX = 8;
    public static final int STATE_COUNT = 12;
    public static final int STATE_NUMBERS = 16;

    public static final int SLOTS_FIRST = 8;
    public static final int SLOTS_COUNT = 12;
    public static final int SLOTS_IN_USE = 16;
    public static final int SLOTS_ENTRIES = 24;
    public static final int FREE_SLOT = 8;

    public static final int CHECKPOINT_NUMBERS = 8;
    public static final int CHECKPOINT_SLOTS = 16;

    /** The longest record: a piece of JSON, or of a checkpoint. */
    public static final int LONGEST_RECORD = PIECE_BYTES + (32 << 10);

    /** The longest document, packed or not, its header included. A REPEAT reaches as far. */
    public static final int LONGEST_DOCUMENT = 512 << 10;

    private JournalLayout() {}

    /** The checksum of a document, of which all bytes but the checksum's own count. The buffer holds it from 0 to its limit. */
    static int crc(ByteBuffer document, CRC32C with) {
        int limit = document.limit();
        with.reset();
        document.position(0).limit(DOCUMENT_CRC);
        with.update(document);
        document.limit(limit).position(DOCUMENT_CRC + Integer.BYTES);
        with.update(document);
        return (int) with.getValue();
    }
}
