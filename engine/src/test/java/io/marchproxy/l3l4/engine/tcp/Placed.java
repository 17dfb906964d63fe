package io.marchproxy.l3l4.engine.tcp;

import io.marchproxy.l3l4.engine.transport.TransportKind;
import io.netty.channel.epoll.Epoll;
import io.netty.channel.uring.IoUring;
import java.util.stream.Stream;

/** A transport and a placement that the relay is tested in. */
record Placed(TransportKind transport, boolean pipelined) {
    /** All that this machine lets us have: io_uring is refused in some containers. */
    static Stream<Placed> everywhere() {
        return Stream.of(TransportKind.values())
                .filter(Placed::isThere)
                .flatMap(kind -> Stream.of(new Placed(kind, false), new Placed(kind, true)));
    }

    /** Each transport in the placement that most machines use. */
    static Stream<Placed> transports() {
        return everywhere().filter(placed -> !placed.pipelined());
    }

    private static boolean isThere(TransportKind kind) {
        return switch (kind) {
            case IO_URING -> IoUring.isAvailable();
            case EPOLL -> Epoll.isAvailable();
            case NIO -> true;
        };
    }

    @Override
    public String toString() {
        return transport.label() + (pipelined ? ", pipelined" : ", run to completion");
    }
}
