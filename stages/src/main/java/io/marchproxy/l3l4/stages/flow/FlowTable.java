package io.marchproxy.l3l4.stages.flow;

import io.marchproxy.l3l4.stages.packet.PacketDescriptor;

/**
 * The port through which stages find the state of flows: a bounded table of fixed-size entries (see {@link FlowLayout}).
 * The engine supplies it. One thread uses it.
 *
 * <p>A flow reference is the entry's generation (high 32 bits) and slot (low 32 bits, 0 to capacity − 1); the generation
 * changes when a slot is freed, so a reference kept too long is recognised. Slots are given out in an order that follows
 * from the calls alone: the same calls give the same references.
 */
public interface FlowTable {
    /** Answer of {@link #insert} when the table is full. */
    long FULL = -2;

    /**
     * Says which events are about to be handled, in order, so that the table can bring the memory near that they will need, for
     * all of them at once. It may leave what it finds in {@link PacketDescriptor#likelyFlow} and {@link PacketDescriptor#flowHash}.
     * No answer depends on it: neither on whether this is called nor on how events are put together.
     *
     * @param events of which {@code count} from index {@code from} on are meant; their references and keys stay as they are
     */
    void expect(PacketDescriptor[] events, int from, int count);

    /**
     * Finds the flow of a packet from a client by protocol, addresses, ports and service, and leaves the key's hash in
     * {@link PacketDescriptor#flowHash()}.
     *
     * @return its reference, or {@link PacketDescriptor#NO_FLOW}
     */
    long find(PacketDescriptor fromClient);

    /**
     * Adds the flow of a packet from a client, and leaves the key's hash in {@link PacketDescriptor#flowHash()}. The entry's
     * key fields, hash and generation are set, all other fields are zero, but backend and timer links −1.
     *
     * <p>Does not look for an equal key: a client may reuse a TCP port before the old connection's CLOSED event is handled,
     * and both flows are then known by their references. Of UDP flows {@link #find} is asked first.
     *
     * @return its reference, or {@link #FULL}
     */
    long insert(PacketDescriptor fromClient);

    /** Frees a flow's slot. The reference must be valid. */
    void remove(long flowRef);

    /**
     * The address of the entry that a reference names.
     *
     * @param flowRef any number, also {@link PacketDescriptor#NO_FLOW}
     * @return 0 when the flow is gone
     */
    long entry(long flowRef);

    /** The address of the entry in a slot that is in use (for timers and scans). */
    long entryAt(int slot);

    /** The reference of the flow in a slot that is in use; of a free one, a reference that {@link #entry} does not know. */
    long refAt(int slot);

    /** How many slots were ever given out: those in use are among 0 to {@code slots() − 1}. */
    int slots();

    /** Flows at present. */
    int size();

    /** Flows at the most. */
    int capacity();

    /** What keys are hashed by: keyed with a seed that the journal has, so that clients can aim at no table. */
    FlowHash hash();

    /** An empty table with the same hash function, for as many flows; it lives no longer than this one. */
    FlowTable another(int capacity);

    /** Gives back what memory can be given back. Nobody may use this table any more. */
    void release();
}
