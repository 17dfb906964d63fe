package io.marchproxy.l3l4.engine.tcp;

import io.marchproxy.l3l4.engine.shard.BackendTarget;
import io.marchproxy.l3l4.engine.sys.Errno;
import java.io.IOException;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/** One try to connect a client's connection to a backend. Event loop's thread. */
final class BackendConnect {
    /** Of its time-out a try must have had all but one part in so many, if the backend is to be blamed that it is up. */
    private static final int PARTS = 10;

    private final TcpConnection connection;
    private final TcpShard shard;
    private final BackendTarget target;
    private final StreamSocket socket;
    private final long startedNs = System.nanoTime();
    private @Nullable Future<?> timeout;
    private final boolean isCutShort;
    private boolean done;

    private BackendConnect(
            TcpConnection connection, TcpShard shard, BackendTarget target, StreamSocket socket, boolean isCutShort) {
        this.isCutShort = isCutShort;
        this.connection = connection;
        this.shard = shard;
        this.target = target;
        this.socket = socket;
    }

    /**
     * Starts a try; its outcome is told to the connection, perhaps before this returns.
     *
     * @param leftNs of the time for all tries
     * @return the try, if it is under way still
     */
    static @Nullable BackendConnect start(TcpConnection connection, TcpShard shard, BackendTarget target, long leftNs) {
        StreamSocket socket;
        try {
            socket = shard.sockets().toBackend(target.address());
        } catch (IOException e) {
            connection.connectFailed(target.index(), ConnectFailure.errno(e));
            return null;
        }
        connection.prepare(socket);
        long tryNs = connection.settings().connect().timeout().toNanos();
        BackendConnect attempt = new BackendConnect(connection, shard, target, socket, leftNs < tryNs - tryNs / PARTS);
        attempt.start(Math.clamp(leftNs, 1, tryNs));
        return attempt.done ? null : attempt;
    }

    /** Gives up, for the backend is known to be out. */
    void abandon() {
        if (!done && !connection.isOver()) {
            failed(Errno.ECONNABORTED);
        }
    }

    private void start(long timeoutNs) {
        int outcome = socket.connect(target.address());
        boolean isUnderWay = outcome == -Errno.EINPROGRESS;
        try {
            if (outcome == 0 || isUnderWay) {
                socket.watch(this::changed);
            }
        } catch (IOException e) {
            failed(ConnectFailure.errno(e));
            return;
        }
        if (isUnderWay) {
            timeout = shard.loop().schedule(this::late, timeoutNs, TimeUnit.NANOSECONDS);
        } else {
            finished(outcome);
        }
    }

    private void changed(int events) {
        if (!done) {
            int outcome = socket.connectOutcome();
            if (outcome == -Errno.EINPROGRESS) {
                return;
            }
            finished(outcome);
        }
        connection.backendChanged(events);
    }

    private void finished(int outcome) {
        if (outcome < 0) {
            failed(-outcome);
        } else {
            end();
            shard.connectTimes().record(System.nanoTime() - startedNs, 1);
            connection.connected();
            shard.ingress().settle();
        }
    }

    /** The time for all tries being up says nothing of the backend that is tried just then. */
    private void late() {
        if (!done && !connection.isOver()) {
            failed(isCutShort ? Errno.ETIME : ConnectFailure.TIMED_OUT);
        }
    }

    private void failed(int errno) {
        end();
        socket.close();
        connection.connectFailed(target.index(), errno);
        shard.ingress().settle();
    }

    private void end() {
        done = true;
        Future<?> pending = timeout;
        if (pending != null) {
            pending.cancel(false);
        }
    }
}
