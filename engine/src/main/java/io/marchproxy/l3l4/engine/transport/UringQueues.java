package io.marchproxy.l3l4.engine.transport;

import io.marchproxy.l3l4.engine.sys.AnonymousMemory;
import io.marchproxy.l3l4.engine.sys.Errno;
import io.marchproxy.l3l4.engine.sys.IoUringCalls;
import io.marchproxy.l3l4.engine.sys.SocketCalls;
import io.marchproxy.l3l4.engine.sys.SystemCallException;
import io.marchproxy.l3l4.stages.packet.Memory;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.VarHandle;

/**
 * An io_uring: the queues that it shares with the kernel, and the call that moves them on (io_uring(7)). Made by any thread,
 * then used by the one that enabled it. Nothing is allocated after that.
 *
 * <pre>
 * io_uring_params    0 submission entries (4)   4 completion entries (4)   8 flags (4)   20 features (4)
 *                   40 offsets of the submission queue's head, tail, mask, entries, flags, dropped, array (4 each)
 *                   80 offsets of the completion queue's head, tail, mask, entries, overflow, entries' array (4 each)
 * io_uring_sqe       0 operation (1)   1 flags (1)   2 priority (2)   4 descriptor (4)   8 offset (8)   16 address (8)
 *                   24 length (4)   28 the operation's flags (4)   32 user data (8)   40 buffer group (2)   to 64 zero
 * io_uring_cqe       0 user data (8)   8 result (4)   12 flags (4)
 * getevents_arg      0 signals (8)   8 their size (4)   12 least wait (4)   16 address of seconds and nanoseconds (8)
 * </pre>
 */
final class UringQueues implements AutoCloseable {
    private static final int PARAMS_CQ_ENTRIES = 4;
    private static final int PARAMS_FLAGS = 8;
    private static final int PARAMS_FEATURES = 20;
    private static final int SQ_HEAD = 40;
    private static final int SQ_TAIL = 44;
    private static final int SQ_FLAGS = 56;
    private static final int SQ_ARRAY = 64;
    private static final int CQ_HEAD = 80;
    private static final int CQ_TAIL = 84;
    private static final int CQ_CQES = 100;

    private static final int SETUP_CQSIZE = 1 << 3;
    private static final int SETUP_CLAMP = 1 << 4;
    private static final int SETUP_R_DISABLED = 1 << 6;
    private static final int SETUP_SUBMIT_ALL = 1 << 7;
    private static final int SETUP_COOP_TASKRUN = 1 << 8;
    private static final int SETUP_TASKRUN_FLAG = 1 << 9;
    private static final int SETUP_SINGLE_ISSUER = 1 << 12;
    private static final int SETUP_DEFER_TASKRUN = 1 << 13;
    private static final int ALWAYS = SETUP_CQSIZE | SETUP_CLAMP | SETUP_R_DISABLED;

    /** What to ask for, best first: of Linux 6.1, in which completions are made when the thread asks for them alone; 5.19; older. */
    private static final int[] SETUPS = {
        ALWAYS | SETUP_SUBMIT_ALL | SETUP_TASKRUN_FLAG | SETUP_SINGLE_ISSUER | SETUP_DEFER_TASKRUN,
        ALWAYS | SETUP_SUBMIT_ALL | SETUP_TASKRUN_FLAG | SETUP_COOP_TASKRUN,
        ALWAYS,
    };

    private static final int FEATURE_SINGLE_MMAP = 1;
    private static final int FEATURE_NODROP = 1 << 1;
    private static final int FEATURE_EXT_ARG = 1 << 8;
    private static final int FEATURE_NO_IOWAIT = 1 << 17;

    /** Nothing that is used here, but of the same Linux, 5.13, as multishot polls, which no feature tells of. */
    private static final int FEATURE_RSRC_TAGS = 1 << 10;

    private static final int NEEDED = FEATURE_SINGLE_MMAP | FEATURE_NODROP | FEATURE_EXT_ARG | FEATURE_RSRC_TAGS;

    private static final int ENTER_GETEVENTS = 1;
    private static final int ENTER_EXT_ARG = 1 << 3;
    private static final int ENTER_REGISTERED_RING = 1 << 4;
    private static final int ENTER_NO_IOWAIT = 1 << 7;
    private static final int SQ_CQ_OVERFLOW = 1 << 1;
    private static final int SQ_TASKRUN = 1 << 2;

    private static final long OFFSET_OF_RINGS = 0;
    private static final long OFFSET_OF_SQES = 0x1000_0000L;
    private static final int SQE_SIZE = 64;
    private static final int CQE_SIZE = 16;

    private static final int ARGUMENT_SIZE = 24;
    private static final int ARGUMENT_TIME = 16;
    private static final int TIME = 32;
    private static final int TIME_NANOSECONDS = TIME + 8;
    private static final int SCRATCH_SIZE = 128;
    private static final long NS_PER_S = 1_000_000_000L;
    private static final VarHandle INT = ValueLayout.JAVA_INT.varHandle();

    private final IoUringCalls calls = new IoUringCalls();
    private final AnonymousMemory scratch = new AnonymousMemory(SCRATCH_SIZE);
    private final int fd;
    private final long ringsBytes;
    private final long sqesBytes;
    private final long rings;
    private final long sqes;
    private final MemorySegment shared;
    private final long sqHeadAt;
    private final long sqTailAt;
    private final long sqFlagsAt;
    private final long cqHeadAt;
    private final long cqTailAt;
    private final long cqes;
    private final int sqEntries;
    private final int sqMask;
    private final int cqMask;
    private int enterFd;
    private int enterFlags;
    private int sqTail;
    private int submitted;
    private int cqHead;

    /**
     * Makes an io_uring, disabled.
     *
     * @throws UncheckedIOException if the kernel refuses or is too old; the message says which
     */
    UringQueues(int submissionEntries, int completionEntries) {
        long params = scratch.address();
        try {
            fd = setUp(params, submissionEntries, completionEntries);
        } catch (IOException e) {
            scratch.close();
            throw new UncheckedIOException(e);
        }
        enterFd = fd;
        enterFlags = (Memory.getInt(params + PARAMS_FEATURES) & FEATURE_NO_IOWAIT) != 0 ? ENTER_NO_IOWAIT : 0;
        sqEntries = Memory.getInt(params);
        sqMask = sqEntries - 1;
        cqMask = Memory.getInt(params + PARAMS_CQ_ENTRIES) - 1;
        int cqesOffset = Memory.getInt(params + CQ_CQES);
        int sqArray = Memory.getInt(params + SQ_ARRAY);
        ringsBytes = Math.max(cqesOffset + (cqMask + 1L) * CQE_SIZE, sqArray + (long) sqEntries * Integer.BYTES);
        sqesBytes = (long) sqEntries * SQE_SIZE;
        rings = calls.map(fd, ringsBytes, OFFSET_OF_RINGS);
        sqes = calls.map(fd, sqesBytes, OFFSET_OF_SQES);
        if (rings == IoUringCalls.MAP_FAILED || sqes == IoUringCalls.MAP_FAILED) {
            new SocketCalls().close(fd);
            scratch.close();
            throw new UncheckedIOException(new IOException("the kernel does not map its queues"));
        }
        shared = whole(rings, ringsBytes);
        sqHeadAt = Memory.getInt(params + SQ_HEAD);
        sqTailAt = Memory.getInt(params + SQ_TAIL);
        sqFlagsAt = Memory.getInt(params + SQ_FLAGS);
        cqHeadAt = Memory.getInt(params + CQ_HEAD);
        cqTailAt = Memory.getInt(params + CQ_TAIL);
        cqes = rings + cqesOffset;
        for (int i = 0; i < sqEntries; i++) {
            Memory.putInt(rings + sqArray + (long) i * Integer.BYTES, i);
        }
        Memory.zero(params, SCRATCH_SIZE);
        Memory.putLong(scratch.address() + ARGUMENT_TIME, scratch.address() + TIME);
    }

    private int setUp(long params, int submissionEntries, int completionEntries) throws IOException {
        int result = -Errno.EINVAL;
        for (int i = 0; i < SETUPS.length && result == -Errno.EINVAL; i++) {
            Memory.zero(params, SCRATCH_SIZE);
            Memory.putInt(params + PARAMS_CQ_ENTRIES, completionEntries);
            Memory.putInt(params + PARAMS_FLAGS, SETUPS[i]);
            result = calls.setup(submissionEntries, params);
        }
        SystemCallException.check("io_uring_setup", result);
        if (!suffices(Memory.getInt(params + PARAMS_FEATURES))) {
            new SocketCalls().close(result);
            throw new IOException("io_uring takes Linux 5.13 or later");
        }
        return result;
    }

    /** Whether a kernel with these features (IORING_FEAT_… of io_uring.h) can do what is asked of it here. */
    static boolean suffices(int features) {
        return (features & NEEDED) == NEEDED;
    }

    /** Makes the calling thread the one that submits. */
    void enable() {
        int enabled = calls.enable(fd);
        if (enabled < 0) {
            throw new UncheckedIOException(new SystemCallException("enabling the io_uring", -enabled));
        }
        int slot = calls.registerDescriptor(fd);
        if (slot >= 0) {
            enterFd = slot;
            enterFlags |= ENTER_REGISTERED_RING;
        }
    }

    int fd() {
        return fd;
    }

    /** Writes a submission; the kernel sees it with the next {@link #enter}. Submits what there is when the queue is full. */
    void submit(
            byte operation,
            byte flags,
            short priority,
            int descriptor,
            long address,
            int length,
            int operationFlags,
            short group,
            long userData) {
        if (isFull()) {
            enter();
            if (isFull()) {
                throw new IllegalStateException("io_uring takes no submissions");
            }
        }
        long at = sqes + (long) (sqTail & sqMask) * SQE_SIZE;
        Memory.zero(at, SQE_SIZE);
        Memory.putByte(at, operation);
        Memory.putByte(at + 1, flags);
        Memory.putShort(at + 2, priority);
        Memory.putInt(at + 4, descriptor);
        Memory.putLong(at + 16, address);
        Memory.putInt(at + 24, length);
        Memory.putInt(at + 28, operationFlags);
        Memory.putLong(at + 32, userData);
        Memory.putShort(at + 40, group);
        sqTail++;
    }

    private boolean isFull() {
        return sqTail - (int) INT.getAcquire(shared, sqHeadAt) == sqEntries;
    }

    /** Whether the kernel has something to take or to do that takes a call. */
    boolean wantsEnter() {
        return sqTail != submitted || ((int) INT.getOpaque(shared, sqFlagsAt) & (SQ_TASKRUN | SQ_CQ_OVERFLOW)) != 0;
    }

    /** Submits and has the kernel complete what it can, without waiting. */
    void enter() {
        enter(0, 0, 0, 0);
    }

    /**
     * Submits and waits for a completion.
     *
     * @param atMostNs the longest wait; negative for no limit
     */
    void enterAndWait(long atMostNs) {
        if (atMostNs < 0) {
            enter(1, 0, 0, 0);
        } else {
            long argument = scratch.address();
            Memory.putLong(argument + TIME, atMostNs / NS_PER_S);
            Memory.putLong(argument + TIME_NANOSECONDS, atMostNs % NS_PER_S);
            enter(1, ENTER_EXT_ARG, argument, ARGUMENT_SIZE);
        }
    }

    /** Without progress for want of memory or of room for completions, or when a signal came, the next turn tries again. */
    private void enter(int complete, int flags, long argument, long argumentBytes) {
        INT.setRelease(shared, sqTailAt, sqTail);
        int result = calls.enter(
                enterFd, sqTail - submitted, complete, enterFlags | ENTER_GETEVENTS | flags, argument, argumentBytes);
        submitted = (int) INT.getAcquire(shared, sqHeadAt);
        if (result < 0) {
            switch (-result) {
                case Errno.ETIME, Errno.EINTR, Errno.EAGAIN, Errno.EBUSY -> {}
                default -> throw new UncheckedIOException(new SystemCallException("io_uring_enter", -result));
            }
        }
    }

    /** How many completions are there. */
    int completions() {
        return (int) INT.getAcquire(shared, cqTailAt) - cqHead;
    }

    /** Address of the first completion. */
    long first() {
        return cqes + (long) (cqHead & cqMask) * CQE_SIZE;
    }

    static long userData(long completion) {
        return Memory.getLong(completion);
    }

    static int result(long completion) {
        return Memory.getInt(completion + 8);
    }

    static int flags(long completion) {
        return Memory.getInt(completion + 12);
    }

    /** The first completion has been read. */
    void advance() {
        cqHead++;
        INT.setRelease(shared, cqHeadAt, cqHead);
    }

    /** Ends the io_uring and whatever it still does. */
    @Override
    public void close() {
        new SocketCalls().close(fd);
        calls.unmap(rings, ringsBytes);
        calls.unmap(sqes, sqesBytes);
        scratch.close();
    }

    @SuppressWarnings("restricted") // the memory is this io_uring's own
    private static MemorySegment whole(long address, long bytes) {
        return MemorySegment.ofAddress(address).reinterpret(bytes);
    }
}
