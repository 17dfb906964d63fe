package io.marchproxy.l3l4.engine.udp;

import io.marchproxy.l3l4.engine.shard.ShardContext;
import java.io.IOException;

/** Receives from sockets by system calls or io_uring. One serves all sockets of a shard. Loop's thread. */
abstract class SocketReceiver extends DatagramReceiver {
    private final ErrorQueue errors = new ErrorQueue();

    SocketReceiver(ShardContext shard, PacketBuffers buffers, UdpCounters counters, UdpOptions options) {
        super(shard, buffers, counters, options);
    }

    /**
     * Begins to hand a socket's datagrams to the handler.
     *
     * @throws IOException if the loop takes no more sockets
     */
    abstract SocketReading begin(NativeUdpSocket socket, DatagramHandler handler) throws IOException;

    /** Empties a socket's error queue; false when more may be there. */
    final boolean drainErrors(int fd, DatagramHandler handler) {
        return errors.drain(fd, handler);
    }

    @Override
    void close() {
        errors.close();
    }
}
