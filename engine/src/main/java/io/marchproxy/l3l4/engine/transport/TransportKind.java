package io.marchproxy.l3l4.engine.transport;

/** The kernel interface that a shard's event loop waits on. */
public enum TransportKind {
    IO_URING("io_uring"),
    EPOLL("epoll"),
    NIO("nio");

    private final String label;

    TransportKind(String label) {
        this.label = label;
    }

    /** As configured and shown. */
    public String label() {
        return label;
    }
}
