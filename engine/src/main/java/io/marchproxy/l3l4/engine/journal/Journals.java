package io.marchproxy.l3l4.engine.journal;

import io.marchproxy.l3l4.config.Version;
import io.marchproxy.l3l4.config.settings.JournalSettings;
import io.marchproxy.l3l4.engine.flow.OffHeapFlowTable;
import io.marchproxy.l3l4.engine.shard.ShardJournals;
import io.marchproxy.l3l4.engine.shard.ShardOptions;
import io.marchproxy.l3l4.stages.pipeline.Journal;
import io.marchproxy.l3l4.stages.pipeline.PipelineSettings;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.nio.file.AccessDeniedException;
import java.nio.file.FileSystemException;
import java.nio.file.Path;
import java.time.Duration;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import org.jspecify.annotations.Nullable;

/**
 * The journals of all shards, and the one thread that writes them: under {@code <data-dir>/journal/shard-N/}. A lock on the
 * folder keeps a second process out; it goes with the process, however that ends.
 *
 * <p>What a shard has recorded reaches the files within {@link #PAUSE_NS} and the time that the disk takes: that, and no more,
 * is lost when the process is killed.
 */
public final class Journals implements ShardJournals, AutoCloseable {
    /** The longest that the writing thread sleeps. */
    public static final long PAUSE_NS = TimeUnit.MILLISECONDS.toNanos(10);

    private static final long LEAST_PAUSE_NS = TimeUnit.MILLISECONDS.toNanos(1);
    private static final long LOOK_NS = TimeUnit.SECONDS.toNanos(1);

    private static final long CLOSE_PATIENCE_MS = 10_000;

    private record ShardPart(ShardLog log, ShardRecorder recorder) {}

    private final Path folder;
    private final JournalSettings settings;
    private final int shards;
    private final FolderLock lock;
    private final JournalClock clock;
    private final Arena arena = Arena.ofShared();
    private final List<ShardPart> parts = new ArrayList<>();
    private final Thread writer;
    private volatile boolean running = true;

    private Journals(Path folder, JournalSettings settings, int shards, FolderLock lock, JournalClock clock) {
        this.folder = folder;
        this.settings = settings;
        this.shards = shards;
        this.lock = lock;
        this.clock = clock;
        this.writer = Thread.ofPlatform().daemon().name("journal").unstarted(this::run);
    }

    /**
     * Opens the journals of a service.
     *
     * @return null when the journal is off
     * @throws JournalException when the folder can't be used, or another process does
     */
    public static @Nullable Journals open(Path dataDir, JournalSettings settings, int shards) throws JournalException {
        if (settings.mode() == JournalSettings.Mode.OFF) {
            return null;
        }
        return open(dataDir, settings, shards, InstantSource.system());
    }

    /** The same by another wall clock. */
    static Journals open(Path dataDir, JournalSettings settings, int shards, InstantSource wall)
            throws JournalException {
        Path folder = dataDir.resolve("journal");
        return new Journals(folder, settings, shards, lock(folder), new JournalClock(wall));
    }

    /** Makes a journal's folder, and keeps everybody else out of it. */
    static FolderLock lock(Path folder) throws JournalException {
        try {
            return FolderLock.take(folder);
        } catch (JournalException e) {
            throw e;
        } catch (IOException e) {
            throw new JournalException("journal: " + folder + " can't be used: " + reason(e));
        }
    }

    private static String reason(IOException error) {
        return switch (error) {
            case AccessDeniedException denied -> "no permission for " + denied.getFile();
            case FileSystemException failed when failed.getReason() != null -> failed.getReason();
            default -> error.toString();
        };
    }

    @Override
    public Journal open(ShardOptions options, PipelineSettings first, OffHeapFlowTable flows) {
        long startedEpochMs = clock.nowMs();
        SessionInfo session = new SessionInfo(
                Version.current(),
                settings.mode(),
                options.id(),
                shards,
                options.pipelined(),
                options.seed(),
                options.maxFlows(),
                startedEpochMs,
                System.nanoTime(),
                first);
        JournalRing ring = new JournalRing(arena, JournalRing.SHARD_BYTES);
        ShardLog log = new ShardLog(
                arena,
                options.id(),
                folder.resolve("shard-" + options.id()),
                settings.maxSizeBytes() / shards,
                settings.maxAge().toMillis(),
                startedEpochMs,
                clock,
                ring);
        log.recording().text(RecordType.SESSION, session);
        ShardRecorder recorder;
        if (settings.mode() == JournalSettings.Mode.PACKETS) {
            Checkpoints checkpoints = new Checkpoints(log.recording(), flows, session);
            log.wants(checkpoints);
            recorder = new PacketRecorder(log.recording(), checkpoints, settings.snapBytes());
        } else {
            FlowRecorder ofFlows =
                    new FlowRecorder(log.recording(), flows, settings.periodic().toNanos(), session);
            log.wantsSession(ofFlows::wantSession);
            recorder = ofFlows;
        }
        synchronized (parts) {
            // A shard may be built again, with another transport than the first that was tried.
            parts.removeIf(part -> part.log().status().shard() == options.id());
            parts.add(new ShardPart(log, recorder));
        }
        return recorder;
    }

    /** Begins to write; all shards are there. */
    public void start() {
        writer.start();
    }

    private void run() {
        List<ShardLog> logs = logs();
        long pauseNs = LEAST_PAUSE_NS;
        long lookNs = System.nanoTime();
        while (running) {
            if (System.nanoTime() - lookNs >= LOOK_NS) {
                lookNs = System.nanoTime();
                look(logs);
            }
            boolean behind = false;
            for (ShardLog log : logs) {
                log.turn();
                behind |= log.isBehind();
            }
            // A document costs far more than a record, so it sleeps about as long as it takes one to fill.
            if (behind) {
                pauseNs = Math.max(pauseNs / 2, LEAST_PAUSE_NS);
            } else {
                LockSupport.parkNanos(this, pauseNs);
                pauseNs = Math.min(pauseNs + LEAST_PAUSE_NS, PAUSE_NS);
            }
        }
        logs.forEach(ShardLog::close);
    }

    /** Looks whether the files are there still: somebody may have removed or renamed the folder. */
    private void look(List<ShardLog> logs) {
        try {
            lock.renew();
            logs.forEach(ShardLog::look);
        } catch (IOException e) {
            logs.forEach(log -> log.bar(e));
        }
    }

    private List<ShardLog> logs() {
        synchronized (parts) {
            return parts.stream().map(ShardPart::log).toList();
        }
    }

    /** Waits, a second at the most, until half of each shard's ring is free, or its records are lost in any case. Not a shard's thread. */
    public void awaitRoom() {
        long deadlineNs = System.nanoTime() + TimeUnit.SECONDS.toNanos(1);
        for (ShardLog log : logs()) {
            while (log.isHalfFull() && writer.isAlive() && System.nanoTime() - deadlineNs < 0) {
                LockSupport.parkNanos(this, PAUSE_NS);
            }
        }
    }

    /** Each shard's journal as it stands. */
    public List<JournalStatus> status() {
        return logs().stream().map(ShardLog::status).toList();
    }

    /** Records the end, writes what waits, and closes the files. The shards' threads have ended. */
    @Override
    public void close() {
        long nowNs = System.nanoTime();
        long deadlineNs = nowNs + TimeUnit.MILLISECONDS.toNanos(CLOSE_PATIENCE_MS);
        synchronized (parts) {
            for (ShardPart part : parts) {
                // Or the end would be lost as well, and with it the word that something was.
                while (part.log().recording().isFull() && writer.isAlive() && System.nanoTime() - deadlineNs < 0) {
                    LockSupport.parkNanos(this, PAUSE_NS);
                }
                part.recorder().end(nowNs);
            }
        }
        running = false;
        LockSupport.unpark(writer);
        try {
            if (writer.isAlive() && !writer.join(Duration.ofMillis(CLOSE_PATIENCE_MS))) {
                return;
            }
            arena.close();
            lock.close();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        } catch (IOException e) {
            // The lock is gone with the process at the latest.
        }
    }
}
