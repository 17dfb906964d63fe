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
import java.nio.channels.FileChannel;
import java.nio.channels.OverlappingFileLockException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Duration;
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
    /** The longest that the writing thread sleeps while there is traffic. */
    public static final long PAUSE_NS = TimeUnit.MILLISECONDS.toNanos(2);

    private static final long LONG_PAUSE_NS = TimeUnit.MILLISECONDS.toNanos(10);
    private static final int TURNS_UNTIL_LONG = 100;
    /** Records of a shard that may be on their way to the file. */
    public static final int RING_BYTES = 8 << 20;

    private static final long CLOSE_PATIENCE_MS = 10_000;

    private record ShardPart(ShardLog log, ShardRecorder recorder) {}

    private final Path folder;
    private final JournalSettings settings;
    private final int shards;
    private final FileChannel lock;
    private final Arena arena = Arena.ofShared();
    private final List<ShardPart> parts = new ArrayList<>();
    private final Thread writer;
    private volatile boolean running = true;

    private Journals(Path folder, JournalSettings settings, int shards, FileChannel lock) {
        this.folder = folder;
        this.settings = settings;
        this.shards = shards;
        this.lock = lock;
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
        Path folder = dataDir.resolve("journal");
        return new Journals(folder, settings, shards, lock(folder));
    }

    /** Makes a journal's folder, and keeps everybody else out of it. */
    static FileChannel lock(Path folder) throws JournalException {
        try {
            Files.createDirectories(folder);
            FileChannel lock =
                    FileChannel.open(folder.resolve("lock"), StandardOpenOption.CREATE, StandardOpenOption.WRITE);
            try {
                if (lock.tryLock() == null) {
                    lock.close();
                    throw inUse(folder);
                }
            } catch (OverlappingFileLockException e) {
                lock.close();
                throw inUse(folder);
            }
            return lock;
        } catch (JournalException e) {
            throw e;
        } catch (IOException e) {
            throw new JournalException("journal: " + folder + " can't be used: " + e);
        }
    }

    private static JournalException inUse(Path folder) {
        return new JournalException("journal: " + folder + " is in use by another process; give each its own data-dir");
    }

    @Override
    public Journal open(ShardOptions options, PipelineSettings first, OffHeapFlowTable flows) {
        long startedEpochMs = System.currentTimeMillis();
        JournalRing ring = new JournalRing(arena, RING_BYTES);
        ShardLog log = new ShardLog(
                arena,
                options.id(),
                folder.resolve("shard-" + options.id()),
                settings.maxSizeBytes() / shards,
                settings.maxAge().toMillis(),
                startedEpochMs,
                ring);
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
        JsonText text = new JsonText(session);
        log.recording().json(RecordType.SESSION, text);
        ShardRecorder recorder;
        if (settings.mode() == JournalSettings.Mode.PACKETS) {
            Checkpoints checkpoints = new Checkpoints(log.recording(), flows, session, text);
            log.wants(checkpoints);
            recorder = new PacketRecorder(log.recording(), checkpoints, settings.snapBytes());
        } else {
            recorder =
                    new FlowRecorder(log.recording(), flows, settings.periodic().toNanos());
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
        int idle = 0;
        while (running) {
            boolean worked = false;
            for (ShardLog log : logs) {
                worked |= log.turn();
            }
            idle = worked ? 0 : idle + 1;
            if (!worked) {
                LockSupport.parkNanos(this, idle < TURNS_UNTIL_LONG ? PAUSE_NS : LONG_PAUSE_NS);
            }
        }
        logs.forEach(ShardLog::close);
    }

    private List<ShardLog> logs() {
        synchronized (parts) {
            return parts.stream().map(ShardPart::log).toList();
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
        synchronized (parts) {
            parts.forEach(part -> part.recorder().end(nowNs));
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
