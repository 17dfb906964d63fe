package io.marchproxy.l3l4.engine.state;

import io.marchproxy.l3l4.config.settings.FlowStateSettings;
import io.marchproxy.l3l4.config.settings.ProxySettings;
import io.marchproxy.l3l4.engine.flow.OffHeapFlowTable;
import io.marchproxy.l3l4.engine.journal.JournalRing;
import io.marchproxy.l3l4.engine.settings.CompiledSettings;
import io.marchproxy.l3l4.engine.shard.SessionSource;
import io.marchproxy.l3l4.engine.shard.ShardJournals;
import io.marchproxy.l3l4.engine.shard.ShardOptions;
import io.marchproxy.l3l4.engine.sys.FolderLock;
import io.marchproxy.l3l4.stages.pipeline.Journal;
import io.marchproxy.l3l4.stages.pipeline.PipelineSettings;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import org.jspecify.annotations.Nullable;

/**
 * The durable flow state of all shards, and the one thread that writes it: under {@code <data-dir>/flows/}. A lock on the folder
 * keeps a second process out; it goes with the process, however that ends.
 *
 * <p>A flow that begins, ends or moves reaches the map within {@link #PAUSE_NS} and the time that those before it take; the counters
 * of one that lives, an interval later at the most. That, and no more, is lost when the process is killed.
 */
public final class FlowStates implements ShardJournals, AutoCloseable {
    /** The longest that the state thread sleeps. */
    public static final long PAUSE_NS = TimeUnit.MILLISECONDS.toNanos(10);

    private static final long CLOSE_PATIENCE_MS = 30_000;

    private record Part(int shard, JournalRing ring, StateRecorder recorder) {}

    private final FlowStateSettings settings;
    private final FolderLock lock;
    private final Arena arena = Arena.ofShared();
    private final StateWriter writer;
    private final List<Part> parts = new CopyOnWriteArrayList<>();
    private final CompletableFuture<RestoredSessions> sessions = new CompletableFuture<>();
    private final Thread thread;
    private volatile StableNames names;
    private volatile long restored;
    private volatile boolean running = true;

    private FlowStates(
            Path folder, FlowStateSettings settings, long maxFlows, CompiledSettings compiled, FolderLock lock)
            throws IOException {
        this.settings = settings;
        this.lock = lock;
        this.names = StableNames.of(compiled, null);
        this.writer = new StateWriter(folder, maxFlows, settings.maxAge().toNanos(), SessionsFile.Disk.REAL);
        RestoredSessions found = new RestoredSessions(
                names, TimeUnit.MILLISECONDS.toMicros(System.currentTimeMillis()), System.nanoTime());
        boolean clean = SessionsFile.read(folder, found::add);
        boolean known = clean || !StateMap.isIn(folder);
        if (known) {
            sessions.complete(found);
        }
        this.thread = Thread.ofPlatform().daemon().name("flow-state").unstarted(() -> run(clean, found));
    }

    /**
     * Opens the flow state of a service. The map itself is opened by the state thread meanwhile.
     *
     * @return null when it is off
     * @throws FlowStateException when the folder can't be used, or another process does
     */
    public static @Nullable FlowStates open(ProxySettings source, CompiledSettings compiled) throws FlowStateException {
        FlowStateSettings settings = source.engine().flowState();
        if (settings.mode() == FlowStateSettings.Mode.OFF) {
            return null;
        }
        Path folder = source.dataDir().resolve("flows");
        try {
            FolderLock lock = FolderLock.take(folder);
            if (lock == null) {
                throw new FlowStateException(
                        "flow state: " + folder + " is in use by another process; give each its own data-dir");
            }
            FlowStates states = new FlowStates(folder, settings, source.engine().maxFlows(), compiled, lock);
            states.thread.start();
            return states;
        } catch (FlowStateException e) {
            throw e;
        } catch (IOException e) {
            throw new FlowStateException("flow state: " + folder + " can't be used: " + e);
        }
    }

    @Override
    public Journal open(ShardOptions options, PipelineSettings first, OffHeapFlowTable flows) {
        JournalRing ring = new JournalRing(arena, JournalRing.SHARD_BYTES);
        StateRecorder recorder =
                new StateRecorder(ring, flows, settings.interval().toNanos());
        // A shard may be built again, with another transport than the first that was tried.
        parts.removeIf(part -> part.shard() == options.id());
        parts.add(new Part(options.id(), ring, recorder));
        return recorder;
    }

    @Override
    public void ended(int shard) {
        parts.stream()
                .filter(part -> part.shard() == shard)
                .forEach(part -> part.recorder().ended());
    }

    /** The UDP sessions that go on; waits until they are known, which takes long only after the process was killed. */
    public SessionSource sessions() {
        RestoredSessions known = sessions.join();
        restored = known.count();
        return known;
    }

    /** Every shard knows the sessions: their memory is given back. */
    public void restored() {
        sessions.join().release();
    }

    /** A configuration is about to be in force: shards may know its numbers from now on. */
    public void know(CompiledSettings next) {
        names = StableNames.of(next, names);
    }

    /** The service ends: what shards still hand over waits for room rather than to be lost. */
    public void closing() {
        parts.forEach(part -> part.recorder().closing());
    }

    private void run(boolean clean, RestoredSessions found) {
        try {
            writer.open(clean);
            if (!sessions.isDone()) {
                writer.sessionsInto(found);
            }
        } catch (RuntimeException | Error e) {
            // As in a turn: this thread goes on, or nothing more would be remembered and nobody told.
            writer.giveUp(e);
        } finally {
            sessions.complete(found);
        }
        while (running) {
            if (!turn()) {
                LockSupport.parkNanos(this, PAUSE_NS);
            }
        }
        finish();
    }

    private boolean turn() {
        try {
            writer.open(false);
            boolean worked = false;
            for (Part part : parts) {
                worked |= writer.write(part.ring(), names);
            }
            worked |= writer.sweep(System.nanoTime());
            return worked;
        } catch (RuntimeException | Error e) {
            writer.giveUp(e);
            return false;
        }
    }

    private void finish() {
        for (Part part : parts) {
            boolean more = true;
            while (more) {
                more = writer.write(part.ring(), names);
            }
        }
        writer.close(names);
    }

    /** The flow state as it stands. */
    public FlowStateStatus status() {
        return writer.status(
                parts.stream().map(Part::ring).toList(),
                parts.stream().mapToLong(part -> part.recorder().lost()).sum(),
                restored);
    }

    /** Writes what waits, and closes the files. The shards' threads have ended. */
    @Override
    public void close() {
        running = false;
        LockSupport.unpark(thread);
        try {
            if (thread.join(Duration.ofMillis(CLOSE_PATIENCE_MS))) {
                arena.close();
                lock.close();
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }
}
