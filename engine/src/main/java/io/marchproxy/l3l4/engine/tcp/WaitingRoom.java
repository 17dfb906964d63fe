package io.marchproxy.l3l4.engine.tcp;

import io.marchproxy.l3l4.engine.shard.ShardIngress;
import io.netty.channel.EventLoop;
import java.util.ArrayDeque;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;

/**
 * Clients that the kernel had accepted already when the descriptors were used up: they wait, with nothing read of them, until
 * connections end. Accepting pauses meanwhile, so there are few, bounded by what one turn of the loop accepts. First come,
 * first served. Event loop's thread.
 */
final class WaitingRoom {
    private static final long LOOK_MS = 20;

    private final EventLoop loop;
    private final ShardIngress ingress;
    private final DescriptorBudget budget;
    private final Consumer<TcpConnection> admit;
    private final ArrayDeque<TcpConnection> waiting = new ArrayDeque<>();
    private boolean looking;

    /**
     * An empty room.
     *
     * @param admit is given those whose turn has come, with their part of the budget taken
     */
    WaitingRoom(EventLoop loop, ShardIngress ingress, DescriptorBudget budget, Consumer<TcpConnection> admit) {
        this.loop = loop;
        this.ingress = ingress;
        this.budget = budget;
        this.admit = admit;
    }

    boolean isEmpty() {
        return waiting.isEmpty();
    }

    void enter(TcpConnection connection) {
        waiting.add(connection);
        look();
    }

    private void look() {
        if (!looking) {
            looking = true;
            loop.schedule(() -> ingress.nextTurn(this::serve), LOOK_MS, TimeUnit.MILLISECONDS);
        }
    }

    /** After a turn of I/O: java.nio gives the descriptor of a socket that was closed back only in its selector's next turn. */
    private void serve() {
        looking = false;
        waiting.removeIf(TcpConnection::isOver);
        while (!waiting.isEmpty() && budget.tryTake()) {
            admit.accept(waiting.remove());
        }
        if (!waiting.isEmpty()) {
            look();
        }
    }
}
