package io.marchproxy.l3l4.engine.transport;

import io.marchproxy.l3l4.engine.sys.AnonymousMemory;
import io.marchproxy.l3l4.engine.sys.IoUringCalls;
import io.marchproxy.l3l4.engine.sys.SystemCallException;
import io.marchproxy.l3l4.stages.packet.Memory;
import io.netty.channel.EventLoop;
import io.netty.channel.uring.IoUring;
import io.netty.util.concurrent.Future;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.VarHandle;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.RejectedExecutionException;

/**
 * Buffers that io_uring takes one of for each message that it receives: a ring of provided buffers (io_uring_register(2),
 * IORING_REGISTER_PBUF_RING). One serves all sockets of an event loop. A buffer that came back with a message is out until
 * it is given back, which costs two stores; several users may share it, and the last one to release it gives it back.
 * Loop's thread, unless a method says otherwise.
 *
 * <pre>
 * ring       entries × io_uring_buf: 0 address (8)   8 length (4)   12 id (2)   14 the first one's: the ring's tail (2)
 * buffers    entries × stride; the begin within it varies, since equal offsets in pages would share few cache sets
 * </pre>
 */
public final class BufferRing implements AutoCloseable {
    /** The only ring of provided buffers on its io_uring. */
    static final short GROUP = 1;

    private static final int ENTRY_BYTES = 16;
    private static final int ENTRY_LENGTH = 8;
    private static final int ENTRY_ID = 12;
    private static final int TAIL = 14;
    private static final int PAGE_BYTES = 4096;
    private static final int LINE_BYTES = 64;
    private static final int SHIFTS = 32;
    private static final VarHandle SHORT = ValueLayout.JAVA_SHORT.varHandle();

    private final IoUringCalls calls = new IoUringCalls();
    private final int entries;
    private final int mask;
    private final int bufferBytes;
    private final int stridePages;
    private final AnonymousMemory ringMemory;
    private final AnonymousMemory bufferMemory;
    private final MemorySegment ring;
    private final long begin;
    private final long end;
    private final int[] users;
    private final EventLoop loop;
    private int ringFd;
    private int tail;
    private int out;
    private List<Runnable> waiting = new ArrayList<>();

    private BufferRing(EventLoop loop, int entries, int bufferBytes) {
        this.loop = loop;
        this.entries = entries;
        this.mask = entries - 1;
        this.bufferBytes = bufferBytes;
        stridePages = (bufferBytes + SHIFTS * LINE_BYTES + PAGE_BYTES - 1) / PAGE_BYTES;
        ringMemory = new AnonymousMemory((long) entries * ENTRY_BYTES);
        bufferMemory = new AnonymousMemory((long) entries * stridePages * PAGE_BYTES);
        ring = whole(ringMemory.address(), (long) entries * ENTRY_BYTES);
        begin = bufferMemory.address();
        end = begin + (long) entries * stridePages * PAGE_BYTES;
        users = new int[entries];
    }

    /**
     * Makes a ring, full of buffers, and registers it with a loop's io_uring. Any thread but the loop's, and not to be
     * interrupted, since the loop may be writing to the memory; that is used as it is touched.
     *
     * @param entries a power of two
     * @param bufferBytes the longest message, with what the kernel puts before it
     * @throws IOException if the kernel refuses; the message says why
     */
    public static BufferRing open(EventLoop loop, int entries, int bufferBytes) throws IOException {
        BufferRing opened = new BufferRing(loop, entries, bufferBytes);
        try {
            Future<?> registered = loop.submit(() -> {
                        opened.register();
                        return opened;
                    })
                    .awaitUninterruptibly();
            if (registered.isSuccess()) {
                return opened;
            }
            Throwable cause = registered.cause();
            opened.free();
            throw new IOException(cause.getMessage(), cause);
        } catch (RejectedExecutionException e) {
            opened.free();
            throw new IOException("the event loop has ended", e);
        }
    }

    private void register() throws IOException {
        if (!IoUring.isRecvMultishotEnabled()) {
            throw new IOException("it has no multishot receive here, which takes Linux 6.0 or later");
        }
        ringFd = UringIoHandler.descriptorOf(loop);
        SystemCallException.check(
                "registering " + entries + " receive buffers",
                calls.registerBufferRing(ringFd, ringMemory.address(), entries, GROUP));
        for (int i = 0; i < entries; i++) {
            provide(i);
        }
    }

    /** Takes the buffer that came with a message out of the ring, for one user. Answers its address. */
    public long take(int id) {
        out++;
        users[id] = 1;
        return address(id);
    }

    /** Has a buffer wait for more releases than one. */
    public void share(int id, int count) {
        users[id] = count;
    }

    /** One user is through with the buffer that the address lies in; the last one gives it back to the kernel. */
    public void release(long address) {
        int id = (int) ((address - begin) / PAGE_BYTES) / stridePages;
        if (--users[id] == 0) {
            giveBack(id);
        }
    }

    /** Whether an address lies in a buffer of this ring. Any thread. */
    public boolean owns(long address) {
        return address >= begin && address < end;
    }

    /** Buffers that are not out: with the kernel, or with a message that was not handled yet. */
    public int inPlace() {
        return entries - out;
    }

    /** Buffers in all. Any thread. */
    public int size() {
        return entries;
    }

    /** Runs a task as soon as at least half of the buffers are in place: at once, or by the release that brings them there. */
    void await(Runnable task) {
        if (isHalfBack()) {
            task.run();
        } else {
            waiting.add(task);
        }
    }

    /** Whether somebody waits for buffers to come back. */
    public boolean isAwaited() {
        return !waiting.isEmpty();
    }

    /** Unregisters and frees everything. When nothing is received any more; not on the loop's thread. */
    @Override
    public void close() {
        try {
            loop.submit(() -> calls.unregisterBufferRing(ringFd, GROUP)).syncUninterruptibly();
        } catch (RejectedExecutionException e) {
            // The loop's io_uring has ended, and its registrations with it.
            ringFd = -1;
        }
        free();
    }

    private void free() {
        ringMemory.close();
        bufferMemory.close();
    }

    private void giveBack(int id) {
        out--;
        provide(id);
        if (!waiting.isEmpty() && isHalfBack()) {
            List<Runnable> served = waiting;
            waiting = new ArrayList<>();
            served.forEach(Runnable::run);
        }
    }

    private boolean isHalfBack() {
        return out <= entries / 2;
    }

    /** The release makes the entry, and all that was read of the buffer, happen before the kernel takes it. */
    private void provide(int id) {
        long entry = ringMemory.address() + (long) (tail & mask) * ENTRY_BYTES;
        Memory.putLong(entry, address(id));
        Memory.putInt(entry + ENTRY_LENGTH, bufferBytes);
        Memory.putShort(entry + ENTRY_ID, (short) id);
        tail++;
        SHORT.setRelease(ring, (long) TAIL, (short) tail);
    }

    private long address(int id) {
        return begin + (long) id * stridePages * PAGE_BYTES + (long) (id % SHIFTS) * LINE_BYTES;
    }

    @SuppressWarnings("restricted") // the memory is this ring's own
    private static MemorySegment whole(long address, long bytes) {
        return MemorySegment.ofAddress(address).reinterpret(bytes);
    }
}
