package io.marchproxy.l3l4.engine.udp;

import io.marchproxy.l3l4.engine.shard.ShardContext;
import io.marchproxy.l3l4.engine.shard.ShardIngress;
import io.marchproxy.l3l4.stages.packet.Direction;
import io.marchproxy.l3l4.stages.packet.EventKind;
import io.marchproxy.l3l4.stages.packet.PacketDescriptor;
import io.marchproxy.l3l4.stages.pipeline.DropReason;
import io.marchproxy.l3l4.stages.pipeline.TrafficBooks;

/**
 * Turns received datagrams into descriptors in the shard's ring, or drops and counts them where there is no room. Loop's
 * thread. Subclasses know how to get datagrams out of a socket.
 */
abstract class DatagramReceiver {
    /** Datagrams that are received at a time. */
    static final int BATCH = 64;

    /** IP protocol number (IANA). */
    static final int UDP = 17;

    private final ShardIngress ingress;
    private final UdpCounters.Part counters;
    private final PacketBuffers buffers;
    private final int readsPerTurn;

    /** What {@link #load} found. */
    final Datagram datagram = new Datagram();

    DatagramReceiver(ShardContext shard, PacketBuffers buffers, UdpCounters counters, UdpOptions options) {
        this.ingress = shard.ingress();
        this.counters = counters.loop();
        this.buffers = buffers;
        this.readsPerTurn = options.readsPerTurn();
    }

    final PacketBuffers buffers() {
        return buffers;
    }

    /** Whether a batch can be received without losing one for want of a buffer. */
    final boolean hasRoom() {
        return buffers.freeSlots() >= BATCH && buffers.freeJumbos() >= BATCH;
    }

    final int readsPerTurn() {
        return readsPerTurn;
    }

    /** Hands on the received batch, datagram by datagram. */
    public final void deliver(int count, DatagramHandler handler) {
        for (int i = 0; i < count; i++) {
            if (load(i)) {
                publish(handler);
            } else {
                counters.increment(UdpCounter.TRUNCATED);
                dropped(handler, DropReason.TRUNCATED, datagram.lengthBytes);
            }
        }
        ingress.settle();
    }

    /**
     * Fills {@link #datagram} in, whose payload the caller then owns.
     *
     * @return false when there was no buffer for it; then only its length is known
     */
    abstract boolean load(int index);

    /** Frees what the receiver holds. */
    abstract void close();

    /** Takes a long buffer and counts that. */
    final long takeJumbo() {
        counters.increment(UdpCounter.JUMBO);
        return buffers.takeJumbo();
    }

    private void publish(DatagramHandler handler) {
        Datagram received = datagram;
        PacketDescriptor packet = ingress.tryClaim();
        if (packet == null) {
            buffers.giveBack(received.payload);
            dropped(handler, DropReason.RING_FULL, received.lengthBytes);
            return;
        }
        packet.reset(EventKind.DATA, ingress.nowNs());
        packet.protocol(UDP);
        packet.ipVersion(received.ipVersion);
        packet.ingressTos(received.tos);
        packet.lengthBytes(received.lengthBytes);
        packet.payloadAddress(received.payload);
        handler.describe(received, packet);
        ingress.publish();
    }

    private void dropped(DatagramHandler handler, DropReason reason, int lengthBytes) {
        TrafficBooks books = ingress.books();
        Direction direction = handler.fromClients() ? Direction.TO_BACKEND : Direction.TO_CLIENT;
        books.in(handler.service(), handler.trafficClass(), direction, 1, lengthBytes);
        books.dropped(handler.service(), handler.trafficClass(), direction, reason, 1, lengthBytes);
    }
}
