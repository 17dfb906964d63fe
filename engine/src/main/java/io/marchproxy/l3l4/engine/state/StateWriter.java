package io.marchproxy.l3l4.engine.state;

import io.marchproxy.l3l4.engine.journal.DiskFullException;
import io.marchproxy.l3l4.engine.journal.JournalRing;
import io.marchproxy.l3l4.engine.journal.Records;
import io.marchproxy.l3l4.engine.state.FlowStateStatus.State;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The state thread's work: takes out of the shards' rings what they handed over, and writes it to the map. The rings go on emptying
 * while there is no map; what can't be written is counted and gone, and the map is tried again every ten seconds.
 */
final class StateWriter {
    private static final Logger LOG = LoggerFactory.getLogger(StateWriter.class);
    private static final int BATCH_BYTES = 256 << 10;
    private static final long RETRY_NS = TimeUnit.SECONDS.toNanos(10);

    private final Path folder;
    private final SessionsFile.Disk disk;
    private final long most;
    private final long maxAgeNs;
    private final int[] found = new int[1];
    private final RememberedFlow flow = new RememberedFlow();
    private final AtomicLong written = new AtomicLong();
    private final AtomicLong lost = new AtomicLong();
    private volatile State state = State.OPENING;
    private volatile long flows;
    private volatile long evicted;
    private volatile long expired;
    private volatile long diskBytes;
    private @Nullable StateMap map;
    private @Nullable Sweep sweep;
    private @Nullable StableNames namesOnDisk;
    private long retryNs = System.nanoTime();
    private boolean putFails;

    StateWriter(Path folder, long most, long maxAgeNs, SessionsFile.Disk disk) {
        this.folder = folder;
        this.disk = disk;
        this.most = most;
        this.maxAgeNs = maxAgeNs;
    }

    /**
     * Opens the map when it is time to.
     *
     * @param clean whether the last to use it closed it
     */
    void open(boolean clean) {
        long nowNs = System.nanoTime();
        if (map != null || nowNs - retryNs < 0) {
            return;
        }
        retryNs = nowNs + RETRY_NS;
        try {
            SessionsFile.delete(folder, disk);
            StateMap opened = StateMap.open(folder, most, clean);
            map = opened;
            sweep = new Sweep(opened, most, maxAgeNs, nowNs);
            diskBytes = opened.diskBytes();
            flows = opened.size();
            if (state == State.DISK_FULL || state == State.FAILED) {
                LOG.warn("flow state: writing again");
            }
            state = State.WRITING;
        } catch (IOException | RuntimeException | Error e) {
            fail(e);
        }
    }

    private void fail(Throwable error) {
        State next = error instanceof DiskFullException ? State.DISK_FULL : State.FAILED;
        if (state != next) {
            LOG.error(
                    "flow state: {}; flows are not remembered until that is over, traffic goes on",
                    String.valueOf(error.getMessage()));
        }
        state = next;
    }

    /** Does without the map until it is tried again: something is wrong with it that should not be. */
    void giveUp(Throwable error) {
        StateMap open = map;
        map = null;
        retryNs = System.nanoTime() + RETRY_NS;
        fail(error);
        if (open != null) {
            open.close();
        }
    }

    /** Reads the sessions that may go on out of the map. */
    void sessionsInto(RestoredSessions sessions) {
        StateMap open = map;
        if (open != null) {
            for (int segment = 0; segment < open.segments(); segment++) {
                open.scan(segment, entry -> {
                    sessions.add(entry.key().get(), entry.value().get());
                    return false;
                });
            }
        }
    }

    /** Writes what one shard handed over. False when there was nothing. */
    boolean write(JournalRing ring, StableNames names) {
        int length = ring.find(BATCH_BYTES, found);
        if (length == 0) {
            return false;
        }
        try {
            write(ring.found(), length, names);
        } finally {
            ring.release();
        }
        return true;
    }

    private void write(long records, int length, StableNames names) {
        StateMap open = map;
        if (open == null) {
            lose(found[0]);
            return;
        }
        remember(names);
        long epochNs = TimeUnit.MILLISECONDS.toNanos(System.currentTimeMillis()) - System.nanoTime();
        for (long at = records; at < records + length; at += Records.length(at)) {
            if (flow.set(at, names, epochNs) && put(open)) {
                written.setOpaque(written.getPlain() + 1);
            } else {
                lose(1);
            }
        }
    }

    private boolean put(StateMap open) {
        try {
            open.put(flow.key, flow.value);
            return true;
        } catch (RuntimeException e) {
            if (!putFails) {
                putFails = true;
                LOG.warn(
                        "flow state: no room for a flow before the oldest are forgotten; counted from now on: {}",
                        e.toString());
            }
            return false;
        }
    }

    private void lose(int count) {
        lost.setOpaque(lost.getPlain() + count);
    }

    /** Keeps the names beside the map for whoever reads it. */
    private void remember(StableNames names) {
        if (names == namesOnDisk) {
            return;
        }
        namesOnDisk = names;
        try {
            Path unfinished = Files.write(folder.resolve("names.new"), names.lines());
            Files.move(unfinished, folder.resolve("names"), StandardCopyOption.ATOMIC_MOVE);
        } catch (IOException e) {
            LOG.warn("flow state: the names of services and backends can't be written: {}", e.toString());
        }
    }

    /** Forgets what is to be forgotten, a part at a time. Whether it did. */
    boolean sweep(long nowNs) {
        StateMap open = map;
        Sweep sweeping = sweep;
        if (open == null || sweeping == null) {
            return false;
        }
        flows = open.size();
        boolean worked = sweeping.turn(nowNs, TimeUnit.MILLISECONDS.toMicros(System.currentTimeMillis()));
        if (worked) {
            evicted = sweeping.evicted();
            expired = sweeping.expired();
        }
        return worked;
    }

    /** Closes the map, and leaves the sessions beside it for a quick start. */
    void close(StableNames names) {
        StateMap open = map;
        map = null;
        if (open != null) {
            try {
                flows = open.size();
                long nowUs = TimeUnit.MILLISECONDS.toMicros(System.currentTimeMillis());
                SessionsFile.Source sessions = to -> {
                    for (int segment = 0; segment < open.segments(); segment++) {
                        open.scan(segment, entry -> {
                            byte[] key = entry.key().get();
                            byte[] value = entry.value().get();
                            if (RestoredSessions.mayGoOn(key, value, names, nowUs)) {
                                to.add(key, value);
                            }
                            return false;
                        });
                    }
                    open.close();
                    // The file of sessions says that the map is whole.
                    disk.force(open.file());
                };
                SessionsFile.write(folder, sessions, disk);
            } catch (IOException | RuntimeException e) {
                LOG.warn("flow state: not closed as it should be, so the next start will check it: {}", e.toString());
                open.close();
            }
        }
        state = State.CLOSED;
    }

    /** Any thread. */
    FlowStateStatus status(List<JournalRing> rings, long lostByShards, long restored) {
        return new FlowStateStatus(
                state,
                flows,
                most,
                written.getOpaque(),
                lost.getOpaque() + lostByShards,
                evicted,
                expired,
                restored,
                rings.stream().mapToLong(JournalRing::waiting).sum(),
                diskBytes);
    }
}
