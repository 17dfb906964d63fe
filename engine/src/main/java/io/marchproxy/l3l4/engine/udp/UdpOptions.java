package io.marchproxy.l3l4.engine.udp;

/**
 * Bounds of one shard's UDP relay.
 *
 * @param packetBuffers buffers of 2 KiB: datagrams that may be on their way through the shard at once
 * @param jumboBuffers buffers of 64 KiB for longer datagrams; memory is used from the first one that comes
 * @param ringBuffers buffers of 64 KiB that io_uring receives into, a power of two; memory is used as far as one was filled
 * @param receiveBufferBytes that listeners ask of the kernel, which grants up to net.core.rmem_max
 * @param sessionBufferBytes that sessions ask of the kernel, for each direction
 * @param readsPerTurn datagrams that one socket may receive before others get their turn
 */
public record UdpOptions(
        int packetBuffers,
        int jumboBuffers,
        int ringBuffers,
        int receiveBufferBytes,
        int sessionBufferBytes,
        int readsPerTurn) {
    private static final int JUMBO_BUFFERS = 512;
    private static final int RING_BUFFERS = 512;
    private static final int MOST_RING_BUFFERS = 32_768;
    private static final int RECEIVE_BUFFER_BYTES = 4 << 20;
    private static final int SESSION_BUFFER_BYTES = 1 << 20;
    private static final int READS_PER_TURN = 256;

    public UdpOptions {
        if (packetBuffers < 2 * DatagramReceiver.BATCH || jumboBuffers < 1 || readsPerTurn < 1) {
            throw new IllegalArgumentException("at least " + 2 * DatagramReceiver.BATCH
                    + " packet buffers, 1 jumbo buffer and 1 read per turn are needed");
        }
        if (Integer.bitCount(ringBuffers) != 1 || ringBuffers < 2 || ringBuffers > MOST_RING_BUFFERS) {
            throw new IllegalArgumentException("ring buffers are a power of two from 2 to 32,768, not " + ringBuffers);
        }
    }

    /**
     * Bounds that never run dry while rings and send queue have room: the rings are what limits a shard.
     *
     * @param ringSlots slots of a ring
     * @param rings that a datagram passes: 2 in pipelined placement
     */
    public static UdpOptions forRings(int ringSlots, int rings) {
        return forRings(ringSlots, rings, 0);
    }

    /**
     * The same with room for datagrams that wait for their rates, so that those do not keep others from being received.
     *
     * @param heldDatagrams that may wait at once
     */
    public static UdpOptions forRings(int ringSlots, int rings, int heldDatagrams) {
        int inFlight = ringSlots * rings + SendQueue.CAPACITY + 2 * DatagramReceiver.BATCH + heldDatagrams;
        return new UdpOptions(
                inFlight, JUMBO_BUFFERS, RING_BUFFERS, RECEIVE_BUFFER_BYTES, SESSION_BUFFER_BYTES, READS_PER_TURN);
    }
}
