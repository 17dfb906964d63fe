package io.marchproxy.l3l4.engine.tcp;

import io.marchproxy.l3l4.engine.sys.Errno;
import io.marchproxy.l3l4.engine.sys.SocketCalls;
import io.marchproxy.l3l4.engine.sys.StreamCalls;
import java.io.BufferedReader;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayDeque;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A shard's pipes. A connection has one only while bytes are in it, so a few serve many. Bounded; when there is none, or the
 * kernel refuses, the caller goes on by reading and writing. Event loop's thread, but for {@link #inUse}.
 */
final class PipePool {
    private static final Logger LOG = LoggerFactory.getLogger(PipePool.class);

    /** Asked for; F_SETPIPE_SZ rounds to pages, and a page holds a fragment of up to 32 KiB. */
    private static final int WANTED_BYTES = 256 * 1024;

    /** With less, as an unprivileged user gets past pipe-user-pages-soft (pipe(7)), reading and writing is cheaper. */
    private static final int LEAST_BYTES = 64 * 1024;

    private static final int PAGES_EACH = 64;
    private static final Path SOFT_LIMIT = Path.of("/proc/sys/fs/pipe-user-pages-soft");
    private static final long FEWEST = 4;
    private static final long MOST = 64;
    private static final long OF_DESCRIPTORS = 256;

    private final SocketCalls sockets;
    private final StreamCalls streams;
    private final int most;
    private final ArrayDeque<Pipe> free = new ArrayDeque<>();
    private volatile int made;
    private volatile int inUse;
    private boolean refused;

    /**
     * An empty pool.
     *
     * @param most pipes at once
     */
    PipePool(SocketCalls sockets, StreamCalls streams, int most) {
        this.sockets = sockets;
        this.streams = streams;
        this.most = most;
    }

    /**
     * How many pipes a process may reasonably have: two descriptors each, together half of what {@link DescriptorBudget}
     * keeps back, and half of the pages that the kernel lets a user have in pipes.
     *
     * @param softPages pipe-user-pages-soft, 0 for no limit
     */
    static int most(long descriptorLimit, long softPages) {
        long byDescriptors = Math.clamp(descriptorLimit / OF_DESCRIPTORS, FEWEST, MOST);
        return (int) (softPages == 0 ? byDescriptors : Math.min(byDescriptors, softPages / 2 / PAGES_EACH));
    }

    /**
     * A shard's share of what the process may have: together no more than that, but for one each, without which a shard
     * could not splice at all.
     */
    static int each(int most, int shards) {
        return Math.min(most, Math.max(1, most / Math.max(1, shards)));
    }

    /** The kernel's limit of pages that a user may have in pipes, 0 for none. */
    static long softPages() {
        // In one read: the kernel answers a second one with the end, wherever the first one stopped.
        try (BufferedReader lines = Files.newBufferedReader(SOFT_LIMIT)) {
            return Long.parseLong(lines.readLine());
        } catch (IOException | NumberFormatException e) {
            LOG.debug("the limit of pages in pipes is not known here", e);
            return 0;
        }
    }

    /** An empty pipe, or null when there is none to be had now. */
    @Nullable
    Pipe take() {
        Pipe pipe = free.poll();
        if (pipe == null) {
            pipe = refused || made >= most ? null : make();
        }
        if (pipe != null) {
            inUse(1);
        }
        return pipe;
    }

    /** Takes a pipe back; one that is not empty is closed, and what is in it lost. */
    void give(Pipe pipe) {
        inUse(-1);
        if (pipe.isEmpty()) {
            free.push(pipe);
        } else {
            close(pipe);
        }
    }

    /** Pipes that have been handed out. Any thread. */
    int inUse() {
        return inUse;
    }

    /** Pipes that there are. Any thread. */
    int made() {
        return made;
    }

    /** Whether splice(2) answered that it will not do, whatever may come. */
    static boolean isRefusal(int result) {
        return result == -Errno.EINVAL || result == -Errno.ENOSYS || result == -Errno.EPERM;
    }

    /** Whether the kernel refused. */
    boolean isRefused() {
        return refused;
    }

    /** The kernel does not splice here: no more pipes. Says so once. */
    void refuse(String what, int errno) {
        if (!refused) {
            refused = true;
            LOG.warn(
                    "{} is refused ({}): bulk data is read and written instead, at a higher cost",
                    what,
                    Errno.describe(errno));
        }
    }

    /** Closes what is free now. */
    void trim() {
        free.forEach(this::close);
        free.clear();
    }

    private @Nullable Pipe make() {
        long ends = streams.pipe();
        if (ends < 0) {
            if (ends != -Errno.EMFILE && ends != -Errno.ENFILE) {
                refuse("a pipe", (int) -ends);
            }
            return null;
        }
        Pipe pipe = new Pipe((int) ends, (int) (ends >>> Integer.SIZE));
        made(1);
        int size = streams.pipeSize(pipe.readEnd(), WANTED_BYTES);
        if (size < 0 && streams.pipeSize(pipe.readEnd()) < LEAST_BYTES) {
            refuse("a pipe of " + LEAST_BYTES / 1024 + " KiB", -size);
            close(pipe);
            return null;
        }
        return pipe;
    }

    private void close(Pipe pipe) {
        made(-1);
        sockets.close(pipe.readEnd());
        sockets.close(pipe.writeEnd());
    }

    @SuppressWarnings("NonAtomicVolatileUpdate") // one thread writes
    private void inUse(int change) {
        inUse += change;
    }

    @SuppressWarnings("NonAtomicVolatileUpdate") // one thread writes
    private void made(int change) {
        made += change;
    }
}
