package io.marchproxy.l3l4.engine.udp;

import io.marchproxy.l3l4.engine.shard.ShardContext;
import io.marchproxy.l3l4.engine.sys.Errno;
import io.marchproxy.l3l4.engine.transport.FdReadiness;
import java.io.IOException;

/** Reads by recvmmsg when epoll or io_uring tells that something is there. */
final class PolledReading implements SocketReading {
    private final SocketReceiver receiver;
    private final BatchSource source;
    private final int fd;
    private final DatagramHandler handler;
    private final FdReadiness readiness;
    private boolean isPutOff;
    private boolean isClosed;

    PolledReading(ShardContext shard, SocketReceiver receiver, BatchSource source, int fd, DatagramHandler handler)
            throws IOException {
        this.receiver = receiver;
        this.source = source;
        this.fd = fd;
        this.handler = handler;
        readiness = FdReadiness.register(shard.loop(), shard.transport(), fd, this::ready);
    }

    /** Reads what is there, up to a turn's share. A batch that was not filled emptied the socket. */
    private void ready(boolean hasError) {
        if (!receiver.hasRoom() && !isPutOff) {
            isPutOff = true;
            readiness.again();
            return;
        }
        isPutOff = false;
        boolean mayHaveMore = false;
        boolean mayHaveErrors = hasError;
        int left = receiver.readsPerTurn();
        do {
            int received = source.receive(fd);
            if (received > 0) {
                source.deliver(received, handler);
                left -= received;
            } else {
                left--;
                mayHaveErrors |= received != -Errno.EAGAIN && received != -Errno.EINTR;
            }
            mayHaveMore = received == DatagramReceiver.BATCH || (received < 0 && received != -Errno.EAGAIN);
        } while (mayHaveMore && left > 0 && !isClosed && receiver.hasRoom());
        if (mayHaveErrors && !isClosed) {
            mayHaveMore |= !receiver.drainErrors(fd, handler);
        }
        if (mayHaveMore && !isClosed) {
            readiness.again();
        }
    }

    /** Readiness tells of the error queue as well, as long as there is something in it. */
    @Override
    public void errorMet() {}

    @Override
    public void close(Runnable afterwards) {
        isClosed = true;
        readiness.close(afterwards);
    }
}
