package io.marchproxy.l3l4.stages.shape;

import io.marchproxy.l3l4.stages.pipeline.StateWriter;
import java.util.List;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * A client in one leaf, where it takes turns with others. It has a queue for each of its streams and one for its datagrams, or for each of
 * its sessions where those have ceilings; and these take turns in its turns, by bytes as well. At its ceiling it waits as a whole: however many connections it has,
 * one time is kept for it, and one look tells whether it may go on.
 *
 * <p>Clients that found no room for a bucket of their own ({@link EachBuckets}) are one, by the address of who shares.
 */
final class ClientNode extends LeafTable.Entry<ClientNode> implements Wait.Numbered {
    /** No other of its direction had or has this number. Of those that go on at one time the lowest is first. */
    long number;

    /** Its ceiling, where it has one. */
    @Nullable
    EachBucket ceiling;

    /** While it is at its ceiling, it has no turns. */
    final Wait<ClientNode> forCeiling = new Wait<>(this);

    /** Its queues that may send, as far as their own ceilings go. */
    final ByteTurns<ClientQueue> turns = new ByteTurns<>();

    /** Its queues in which something waits, those included that wait for ceilings of their own. */
    int queues;

    /** Its queues in which nothing waits, that are remembered for what they owe. */
    int owing;

    /** Datagrams that wait. */
    int datagrams;

    /** Begins to wait. */
    void begin(long newNumber, @Nullable EachBucket newCeiling) {
        number = newNumber;
        ceiling = newCeiling;
    }

    /** Whether its ceiling lets so many bytes go on. */
    boolean opens(int bytes, long nowNs) {
        return ceiling == null || ceiling.bucket.opens(bytes, nowNs);
    }

    /** When its ceiling, which has just said no, will say yes. */
    long opensNs(long nowNs) {
        return Objects.requireNonNull(ceiling).bucket.opensNs(nowNs);
    }

    @Override
    public long waitNumber() {
        return number;
    }

    /** Writes it without its queues. */
    void saveAlone(StateWriter to) {
        to.number(number);
        to.number(clientHigh);
        to.number(clientLow);
        saveTurn(to);
        turns.save(to);
    }

    /** Writes it, and its queues that have turns in their order. */
    void save(HeldPackets held, StateWriter to) {
        saveAlone(to);
        List<ClientQueue> inTurn = turns.inOrder();
        to.number(inTurn.size());
        for (ClientQueue queue : inTurn) {
            queue.save(held, to);
        }
    }
}
