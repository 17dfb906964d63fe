package io.marchproxy.l3l4.engine.udp;

import io.marchproxy.l3l4.engine.transport.MultishotReceive;
import io.netty.channel.EventLoop;
import java.io.IOException;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Reads by a multishot receive of io_uring; by recvmmsg once io_uring has refused that often enough in a row. */
final class RingReading implements SocketReading, MultishotReceive.Callback {
    /** Refusals in a row, one every 10 ms, after which io_uring is asked no more: memory may be short for a moment. */
    static final int REFUSALS = 10;

    private static final Logger LOG = LoggerFactory.getLogger(RingReading.class);

    private final EventLoop loop;
    private final RingReceiver receiver;
    private final int fd;
    private final DatagramHandler handler;
    private final MultishotReceive receive;
    private int refusals;
    private boolean isFallingBack;
    private @Nullable SocketReading instead;
    private @Nullable Runnable whenClosed;
    private boolean isClosed;

    RingReading(EventLoop loop, RingReceiver receiver, int fd, DatagramHandler handler) throws IOException {
        this.loop = loop;
        this.receiver = receiver;
        this.fd = fd;
        this.handler = handler;
        receive = MultishotReceive.begin(loop, fd, receiver.ring(), receiver.header(), this);
    }

    @Override
    public void received(int id, long buffer) {
        refusals = 0;
        receiver.received(id, buffer, handler);
    }

    @Override
    public void failed(int errno) {
        errorMet();
    }

    @Override
    public void refused(int errno) {
        receiver.refused(errno);
        if (++refusals == REFUSALS) {
            isFallingBack = true;
            receive.close(this::fallBack);
        }
    }

    private void fallBack() {
        Runnable afterwards = whenClosed;
        if (afterwards != null) {
            afterwards.run();
        } else if (!isClosed) {
            try {
                instead = receiver.fallBack(fd, handler);
            } catch (IOException e) {
                // As the loop ends; a close that is yet to come has nothing to wait for but this.
                isFallingBack = false;
                LOG.debug("nothing is read any more: {}", e.getMessage());
            }
        }
    }

    @Override
    public void starved() {
        receiver.starved();
    }

    /** The socket's error was cleared by whoever met it; what it was about stands in its error queue. */
    @Override
    public void errorMet() {
        if (!isClosed && !receiver.drainErrors(fd, handler)) {
            loop.execute(this::errorMet);
        }
    }

    @Override
    public void close(Runnable afterwards) {
        isClosed = true;
        SocketReading other = instead;
        if (other != null) {
            other.close(afterwards);
        } else if (isFallingBack) {
            whenClosed = afterwards;
        } else {
            receive.close(afterwards);
        }
    }
}
