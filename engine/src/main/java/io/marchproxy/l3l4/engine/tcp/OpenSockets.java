package io.marchproxy.l3l4.engine.tcp;

import java.util.concurrent.CompletableFuture;

/** How many sockets of a shard's connections are open, until the kernel has given each up. Event loop's thread. */
final class OpenSockets {
    private int open;
    private CompletableFuture<Void> none = CompletableFuture.completedFuture(null);

    void opened() {
        if (open++ == 0) {
            none = new CompletableFuture<>();
        }
    }

    void closed() {
        if (--open == 0) {
            none.complete(null);
        }
    }

    /** Completes when none is open. */
    CompletableFuture<Void> whenNone() {
        return none;
    }
}
