package io.marchproxy.l3l4.engine.udp;

import io.marchproxy.l3l4.engine.transport.MultishotReceive;
import io.netty.channel.EventLoop;
import java.io.IOException;

/** Reads by a multishot receive of io_uring. */
final class RingReading implements SocketReading, MultishotReceive.Callback {
    private final EventLoop loop;
    private final RingReceiver receiver;
    private final int fd;
    private final DatagramHandler handler;
    private final MultishotReceive receive;
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
        receiver.received(id, buffer, handler);
    }

    @Override
    public void failed(int errno) {
        errorMet();
    }

    @Override
    public void refused(int errno) {
        receiver.refused(errno);
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
        receive.close(afterwards);
    }
}
