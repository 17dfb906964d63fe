package io.marchproxy.l3l4.engine.udp;

import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;

/** The sockets that are open, so that none outlives its shard. Any thread. */
final class OpenSockets {
    private final Set<UdpSocket> sockets = ConcurrentHashMap.newKeySet();
    private final CompletableFuture<Void> emptied = new CompletableFuture<>();
    private volatile boolean isAwaited;

    void add(UdpSocket socket) {
        sockets.add(socket);
    }

    void remove(UdpSocket socket) {
        sockets.remove(socket);
        if (isAwaited && sockets.isEmpty()) {
            emptied.complete(null);
        }
    }

    int size() {
        return sockets.size();
    }

    /** Waits until all are closed; false when some are not by then. To be called once, when none is opened any more. */
    boolean awaitNone(long timeoutMs) {
        isAwaited = true;
        if (sockets.isEmpty()) {
            return true;
        }
        try {
            emptied.get(timeoutMs, TimeUnit.MILLISECONDS);
            return true;
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            return false;
        } catch (ExecutionException | TimeoutException e) {
            return false;
        }
    }

    /** Closes what is still open. */
    void abandon() {
        sockets.forEach(UdpSocket::abandon);
    }
}
