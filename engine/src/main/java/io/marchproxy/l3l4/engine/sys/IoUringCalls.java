package io.marchproxy.l3l4.engine.sys;

import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import io.marchproxy.l3l4.stages.packet.Memory;
import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemoryLayout;
import java.lang.foreign.MemorySegment;
import java.lang.invoke.MethodHandle;

/**
 * io_uring_register(2) for a ring of buffers, which the C library has no function for. A ring that Netty made takes it from
 * its event loop's thread alone (IORING_SETUP_SINGLE_ISSUER), and answers EEXIST to others.
 *
 * <pre>
 * io_uring_buf_reg   0 ring address (8)   8 entries (4)   12 group (2)   14 flags (2)   16 reserved (24)
 * </pre>
 */
public final class IoUringCalls {
    private static final long IO_URING_REGISTER = 427; // the same on every architecture of Linux
    private static final int REGISTER_PBUF_RING = 22;
    private static final int UNREGISTER_PBUF_RING = 23;
    private static final int BUF_REG_SIZE = 40;
    private static final int BUF_REG_ENTRIES = 8;
    private static final int BUF_REG_GROUP = 12;

    private static final MemoryLayout STATE = Linker.Option.captureStateLayout();
    private static final long STATE_ERRNO = STATE.byteOffset(MemoryLayout.PathElement.groupElement("errno"));
    private static final MethodHandle SYSCALL = link();

    private IoUringCalls() {}

    /**
     * Makes a ring of provided buffers known.
     *
     * @param address of the ring, at the begin of a page, with room for 16 bytes an entry
     * @param entries a power of two, at most 32,768
     * @param group the number that receives name it by
     * @return 0 or the negative errno: ENOMEM when the limit of locked memory is too small, EINVAL before Linux 5.19
     */
    public static int registerBufferRing(int ringFd, long address, int entries, int group) {
        return register(ringFd, REGISTER_PBUF_RING, address, entries, group);
    }

    /** Has the kernel forget a ring of provided buffers; answers 0 or the negative errno. */
    public static int unregisterBufferRing(int ringFd, int group) {
        return register(ringFd, UNREGISTER_PBUF_RING, 0, 0, group);
    }

    private static int register(int ringFd, int operation, long address, int entries, int group) {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment state = arena.allocate(STATE);
            long argument = arena.allocate(BUF_REG_SIZE, Long.BYTES).address();
            Memory.putLong(argument, address);
            Memory.putInt(argument + BUF_REG_ENTRIES, entries);
            Memory.putShort(argument + BUF_REG_GROUP, (short) group);
            long result = (long) SYSCALL.invokeExact(state, IO_URING_REGISTER, ringFd, operation, argument, 1);
            return result < 0 ? -state.get(JAVA_INT, STATE_ERRNO) : (int) result;
        } catch (Throwable e) {
            throw new IllegalStateException("io_uring_register could not be called", e);
        }
    }

    @SuppressWarnings("restricted") // calling native functions is what this class is for
    private static MethodHandle link() {
        Linker linker = Linker.nativeLinker();
        MemorySegment symbol = linker.defaultLookup()
                .find("syscall")
                .orElseThrow(() -> new IllegalStateException("the C library has no syscall"));
        FunctionDescriptor signature =
                FunctionDescriptor.of(JAVA_LONG, JAVA_LONG, JAVA_INT, JAVA_INT, JAVA_LONG, JAVA_INT);
        return linker.downcallHandle(
                symbol, signature, Linker.Option.firstVariadicArg(1), Linker.Option.captureCallState("errno"));
    }
}
