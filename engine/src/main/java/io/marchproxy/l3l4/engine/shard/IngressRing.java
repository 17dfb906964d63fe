package io.marchproxy.l3l4.engine.shard;

import io.marchproxy.l3l4.engine.transport.BatchHook;
import io.marchproxy.l3l4.stages.packet.PacketDescriptor;
import io.marchproxy.l3l4.stages.packet.SingleWriter;
import io.marchproxy.l3l4.stages.pipeline.TrafficBooks;
import java.util.ArrayDeque;
import org.jspecify.annotations.Nullable;

/** The event loop's side of the ring: claims, publishes, and lets the placement run the stages once a batch. */
final class IngressRing extends SingleWriter implements ShardIngress, BatchHook {
    /** What differs between the placements when a batch is over or the ring is full. Event loop's thread. */
    interface Placement {
        /** Runs the stages over what is in the ring, or wakes the thread that does. */
        void batchReady();

        /** Slots to leave free for what the egress reports back while the stages run. */
        int headroom();

        /** Tries to make a free slot without waiting; false when only time will. */
        boolean makeRoom();

        /** Waits for a free slot; false when it is the caller's own thread that will free one, later. */
        boolean awaitRoom();
    }

    /** How long the loop rests; with the kernel's timer slack of 50 µs, and what waking up takes, about twice that. */
    private static final long REST_NS = 50_000;

    /** For so long after anything that is not bulk the loop does not rest. */
    private static final long HURRY_NS = 1_000_000;

    private final DescriptorRing ring;
    private final Overflow overflow;
    private final TrafficBooks books;
    private final ArrayDeque<Runnable> nextTurn = new ArrayDeque<>();
    private @Nullable Placement placement;
    private long lastHurryNs = System.nanoTime();
    private boolean mayRest;
    private boolean inBatch;
    private boolean timeIsFresh;
    private boolean published;
    private boolean claimedOverflow;
    private long nowNs = System.nanoTime();

    IngressRing(DescriptorRing ring, Overflow overflow, int services) {
        this.ring = ring;
        this.overflow = overflow;
        this.books = new TrafficBooks(services);
    }

    /** Completes the construction, since ring and placement know each other. */
    void connect(Placement runner) {
        placement = runner;
    }

    @Override
    public long nowNs() {
        if (!timeIsFresh) {
            timeIsFresh = true;
            nowNs = System.nanoTime();
        }
        return nowNs;
    }

    @Override
    public @Nullable PacketDescriptor tryClaim() {
        if (!overflow.isEmpty()) {
            return null;
        }
        PacketDescriptor slot = ring.tryClaim(runner().headroom());
        if (slot == null && runner().makeRoom()) {
            slot = ring.tryClaim(runner().headroom());
        }
        return slot;
    }

    @Override
    public PacketDescriptor claim() {
        while (true) {
            PacketDescriptor slot = tryClaim();
            if (slot != null) {
                return slot;
            }
            if (!runner().awaitRoom()) {
                claimedOverflow = true;
                return overflow.add();
            }
        }
    }

    @Override
    public void publish() {
        lastHurryNs = nowNs();
        publishBulk();
    }

    @Override
    public void publishBulk() {
        if (claimedOverflow) {
            claimedOverflow = false;
        } else {
            ring.publish();
        }
        published = true;
    }

    @Override
    public void rest() {
        mayRest = true;
    }

    @Override
    public long takeRestNs() {
        boolean rests = mayRest && nextTurn.isEmpty() && nowNs() - lastHurryNs > HURRY_NS;
        mayRest = false;
        return rests ? REST_NS : 0;
    }

    /** Puts into the ring what found it full, as far as there is room now. True when there was any. */
    boolean refill() {
        boolean moved = false;
        while (!overflow.isEmpty()) {
            PacketDescriptor slot = ring.tryClaim(0);
            if (slot == null) {
                break;
            }
            overflow.moveFirstTo(slot);
            ring.publish();
            moved = true;
        }
        return moved;
    }

    @Override
    public void settle() {
        if (!inBatch) {
            runBatch();
            timeIsFresh = false;
        }
    }

    @Override
    public void relieve() {
        runBatch();
        timeIsFresh = false;
    }

    @Override
    public TrafficBooks books() {
        return books;
    }

    @Override
    public void batchBegins() {
        inBatch = true;
        timeIsFresh = false;
    }

    @Override
    public void nextTurn(Runnable action) {
        nextTurn.add(action);
    }

    @Override
    public boolean hasWork() {
        return !nextTurn.isEmpty();
    }

    @Override
    public void batchEnds() {
        try {
            // What these put off again is for the turn after.
            for (int left = nextTurn.size(); left > 0; left--) {
                nextTurn.remove().run();
            }
        } finally {
            endBatch();
        }
    }

    private void endBatch() {
        inBatch = false;
        runBatch();
        timeIsFresh = false;
    }

    private void runBatch() {
        if (published) {
            published = false;
            runner().batchReady();
        }
    }

    private Placement runner() {
        Placement runner = placement;
        if (runner == null) {
            throw new IllegalStateException("the ring is not connected to a placement yet");
        }
        return runner;
    }
}
