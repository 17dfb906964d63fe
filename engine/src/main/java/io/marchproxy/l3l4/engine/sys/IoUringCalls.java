package io.marchproxy.l3l4.engine.sys;

import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import io.marchproxy.l3l4.stages.packet.Memory;
import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.MemorySegment;
import java.lang.invoke.MethodHandle;

/**
 * The three calls of io_uring, which the C library has no functions for, and what goes with them. In the manner of {@link
 * SocketCalls}: one thread uses an instance, and a failure is the negative errno. It has room of its own for the errno, since a
 * loop makes these calls in every turn, and nothing may be allocated then.
 *
 * <pre>
 * io_uring_buf_reg        0 ring address (8)   8 entries (4)   12 group (2)   14 flags (2)   16 reserved (24)
 * io_uring_rsrc_update    0 slot, −1 for any (4)   4 reserved (4)   8 descriptor (8)
 * </pre>
 */
public final class IoUringCalls {
    // The same on every architecture of Linux.
    private static final long IO_URING_SETUP = 425;
    private static final long IO_URING_ENTER = 426;
    private static final long IO_URING_REGISTER = 427;

    private static final int REGISTER_ENABLE_RINGS = 12;
    private static final int REGISTER_RING_FDS = 20;
    private static final int REGISTER_PBUF_RING = 22;
    private static final int UNREGISTER_PBUF_RING = 23;
    private static final int BUF_REG_SIZE = 40;
    private static final int BUF_REG_ENTRIES = 8;
    private static final int BUF_REG_GROUP = 12;
    private static final int UPDATE_SIZE = 16;
    private static final int UPDATE_DESCRIPTOR = 8;
    private static final int ANY_SLOT = -1;

    /** What {@link #map} answers when the kernel refuses. */
    public static final long MAP_FAILED = -1;

    private static final int PROT_READ_WRITE = 3;
    private static final int MAP_SHARED_POPULATE = 0x8001;
    private static final int EFD_CLOEXEC = SocketLayout.SOCK_CLOEXEC;

    private static final MethodHandle MMAP = SocketCalls.link(
            "mmap", FunctionDescriptor.of(JAVA_LONG, JAVA_LONG, JAVA_LONG, JAVA_INT, JAVA_INT, JAVA_INT, JAVA_LONG));
    private static final MethodHandle MUNMAP =
            AnonymousMemory.link("munmap", FunctionDescriptor.of(JAVA_INT, JAVA_LONG, JAVA_LONG));
    private static final MethodHandle EVENTFD =
            SocketCalls.link("eventfd", FunctionDescriptor.of(JAVA_INT, JAVA_INT, JAVA_INT));
    private static final MethodHandle EVENTFD_WRITE =
            AnonymousMemory.link("eventfd_write", FunctionDescriptor.of(JAVA_INT, JAVA_INT, JAVA_LONG));

    private final MemorySegment state = Arena.ofAuto().allocate(SystemCall.STATE);

    /**
     * Makes an io_uring.
     *
     * @param entries of the submission queue
     * @param parameters address of an io_uring_params, which the kernel completes
     * @return its descriptor, or the negative errno: EINVAL for a flag that the kernel does not know yet
     */
    public int setup(int entries, long parameters) {
        return (int) SystemCall.call(state, IO_URING_SETUP, entries, parameters, 0, 0, 0, 0);
    }

    /**
     * Submits, and waits for completions.
     *
     * @param flags IORING_ENTER_… of io_uring.h
     * @param argument address of what the flags say, or 0
     * @return how many were submitted, or the negative errno: ETIME when the time of the argument was up
     */
    public int enter(int ringFd, int submit, int complete, int flags, long argument, long argumentBytes) {
        return (int) SystemCall.call(state, IO_URING_ENTER, ringFd, submit, complete, flags, argument, argumentBytes);
    }

    /** Enables an io_uring that was made disabled (IORING_SETUP_R_DISABLED): for the calling thread, if for a single one. */
    public int enable(int ringFd) {
        return register(ringFd, REGISTER_ENABLE_RINGS, 0, 0);
    }

    /** Has the calling thread name its io_uring by a slot, which spares each call a look-up; answers the slot. */
    public int registerDescriptor(int ringFd) {
        try (Arena arena = Arena.ofConfined()) {
            long update = arena.allocate(UPDATE_SIZE, Long.BYTES).address();
            Memory.putInt(update, ANY_SLOT);
            Memory.putLong(update + UPDATE_DESCRIPTOR, ringFd);
            int result = register(ringFd, REGISTER_RING_FDS, update, 1);
            return result < 0 ? result : Memory.getInt(update);
        }
    }

    /**
     * Makes a ring of provided buffers known. A ring for a single thread (IORING_SETUP_SINGLE_ISSUER) takes it from that one
     * alone, and answers EEXIST to others.
     *
     * @param address of the ring, at the begin of a page, with room for 16 bytes an entry
     * @param entries a power of two, at most 32,768
     * @param group the number that receives name it by
     * @return 0 or the negative errno: ENOMEM when the limit of locked memory is too small, EINVAL before Linux 5.19
     */
    public int registerBufferRing(int ringFd, long address, int entries, int group) {
        return registerBufferRing(ringFd, REGISTER_PBUF_RING, address, entries, group);
    }

    /** Has the kernel forget a ring of provided buffers; answers 0 or the negative errno. */
    public int unregisterBufferRing(int ringFd, int group) {
        return registerBufferRing(ringFd, UNREGISTER_PBUF_RING, 0, 0, group);
    }

    /** Maps what an io_uring shares with its user, from one of the offsets of io_uring.h on; answers the address or {@link #MAP_FAILED}. */
    public long map(int ringFd, long bytes, long offset) {
        try {
            return (long) MMAP.invokeExact(state, 0L, bytes, PROT_READ_WRITE, MAP_SHARED_POPULATE, ringFd, offset);
        } catch (Throwable e) {
            throw unexpected(e);
        }
    }

    /** Ends a mapping. */
    public void unmap(long address, long bytes) {
        try {
            int ignored = (int) MUNMAP.invokeExact(address, bytes);
        } catch (Throwable e) {
            throw unexpected(e);
        }
    }

    /** Makes an eventfd(2), which starts at 0. */
    public int eventFd() {
        try {
            int fd = (int) EVENTFD.invokeExact(state, 0, EFD_CLOEXEC);
            return fd >= 0 ? fd : -Memory.getInt(state.address() + SystemCall.ERRNO);
        } catch (Throwable e) {
            throw unexpected(e);
        }
    }

    /** Adds one to an eventfd. Any thread. */
    public static void signal(int eventFd) {
        try {
            int ignored = (int) EVENTFD_WRITE.invokeExact(eventFd, 1L);
        } catch (Throwable e) {
            throw unexpected(e);
        }
    }

    private int registerBufferRing(int ringFd, int operation, long address, int entries, int group) {
        try (Arena arena = Arena.ofConfined()) {
            long argument = arena.allocate(BUF_REG_SIZE, Long.BYTES).address();
            Memory.putLong(argument, address);
            Memory.putInt(argument + BUF_REG_ENTRIES, entries);
            Memory.putShort(argument + BUF_REG_GROUP, (short) group);
            return register(ringFd, operation, argument, 1);
        }
    }

    private int register(int ringFd, int operation, long argument, int count) {
        return (int) SystemCall.call(state, IO_URING_REGISTER, ringFd, operation, argument, count, 0, 0);
    }

    private static IllegalStateException unexpected(Throwable e) {
        return new IllegalStateException("a call of io_uring could not be made", e);
    }
}
