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
 * Calls of the C library for stream sockets and pipes, beside those of {@link SocketCalls}, whose manner they have: one
 * thread uses an instance, and a failure is the negative errno.
 */
public final class StreamCalls {
    /** Half of a stream, as shutdown(2) numbers it. */
    public static final int SHUT_WR = 1;

    private static final int SPLICE_F_MOVE = 1;
    private static final int SPLICE_F_NONBLOCK = 2;
    private static final int O_NONBLOCK_CLOEXEC = SocketLayout.SOCK_NONBLOCK | SocketLayout.SOCK_CLOEXEC;
    private static final int F_SETPIPE_SZ = 1031;
    private static final int F_GETPIPE_SZ = 1032;

    private static final MemoryLayout STATE = Linker.Option.captureStateLayout();
    private static final long STATE_ERRNO = STATE.byteOffset(MemoryLayout.PathElement.groupElement("errno"));

    private static final MethodHandle LISTEN =
            SocketCalls.link("listen", FunctionDescriptor.of(JAVA_INT, JAVA_INT, JAVA_INT));
    private static final MethodHandle ACCEPT4 =
            SocketCalls.link("accept4", FunctionDescriptor.of(JAVA_INT, JAVA_INT, JAVA_LONG, JAVA_LONG, JAVA_INT));
    private static final MethodHandle RECV =
            SocketCalls.link("recv", FunctionDescriptor.of(JAVA_LONG, JAVA_INT, JAVA_LONG, JAVA_LONG, JAVA_INT));
    private static final MethodHandle SEND =
            SocketCalls.link("send", FunctionDescriptor.of(JAVA_LONG, JAVA_INT, JAVA_LONG, JAVA_LONG, JAVA_INT));
    private static final MethodHandle READ =
            SocketCalls.link("read", FunctionDescriptor.of(JAVA_LONG, JAVA_INT, JAVA_LONG, JAVA_LONG));
    private static final MethodHandle SPLICE = SocketCalls.link(
            "splice", FunctionDescriptor.of(JAVA_LONG, JAVA_INT, JAVA_LONG, JAVA_INT, JAVA_LONG, JAVA_LONG, JAVA_INT));
    private static final MethodHandle SHUTDOWN =
            SocketCalls.link("shutdown", FunctionDescriptor.of(JAVA_INT, JAVA_INT, JAVA_INT));
    private static final MethodHandle PIPE2 =
            SocketCalls.link("pipe2", FunctionDescriptor.of(JAVA_INT, JAVA_LONG, JAVA_INT));
    private static final MethodHandle FCNTL =
            SocketCalls.link("fcntl", FunctionDescriptor.of(JAVA_INT, JAVA_INT, JAVA_INT, JAVA_INT));
    private static final MethodHandle SETSOCKOPT = SocketCalls.link(
            "setsockopt", FunctionDescriptor.of(JAVA_INT, JAVA_INT, JAVA_INT, JAVA_INT, JAVA_LONG, JAVA_INT));

    private final MemorySegment state = Arena.ofAuto().allocate(STATE);
    private final MemorySegment scratch = Arena.ofAuto().allocate(16, 8);
    private final long errnoAt = state.address() + STATE_ERRNO;

    /** Begins to take connections, of which {@code backlog} may wait to be accepted. */
    public int listen(int fd, int backlog) {
        try {
            return result((int) LISTEN.invokeExact(state, fd, backlog));
        } catch (Throwable e) {
            throw unexpected(e);
        }
    }

    /**
     * Accepts a connection, as a non-blocking socket.
     *
     * @param address where the client's address is put, with room for {@code capacity} bytes
     */
    public int accept(int fd, long address, int capacity) {
        scratch.set(JAVA_INT, 0, capacity);
        try {
            return result((int) ACCEPT4.invokeExact(state, fd, address, scratch.address(), O_NONBLOCK_CLOEXEC));
        } catch (Throwable e) {
            throw unexpected(e);
        }
    }

    /** Receives up to so many bytes; 0 at the end of the stream. */
    public int receive(int fd, long address, int bytes) {
        try {
            return result((long) RECV.invokeExact(state, fd, address, (long) bytes, SocketLayout.MSG_DONTWAIT));
        } catch (Throwable e) {
            throw unexpected(e);
        }
    }

    /** Sends; answers how many bytes the kernel took. */
    public int send(int fd, long address, int bytes) {
        int flags = SocketLayout.MSG_DONTWAIT | SocketLayout.MSG_NOSIGNAL;
        try {
            return result((long) SEND.invokeExact(state, fd, address, (long) bytes, flags));
        } catch (Throwable e) {
            throw unexpected(e);
        }
    }

    /** Reads from a pipe. */
    public int read(int fd, long address, int bytes) {
        try {
            return result((long) READ.invokeExact(state, fd, address, (long) bytes));
        } catch (Throwable e) {
            throw unexpected(e);
        }
    }

    /**
     * Moves bytes between a pipe and a socket within the kernel.
     *
     * @return how many moved; 0 at the end of {@code from}; −EAGAIN when it is empty or {@code to} takes nothing now; of a
     *     socket, either also in front of urgent data, whatever is queued behind it
     */
    public int splice(int from, int to, int bytes) {
        int flags = SPLICE_F_MOVE | SPLICE_F_NONBLOCK;
        try {
            return result((long) SPLICE.invokeExact(state, from, 0L, to, 0L, (long) bytes, flags));
        } catch (Throwable e) {
            throw unexpected(e);
        }
    }

    /** Ends half of a stream. */
    public int shutdown(int fd, int how) {
        try {
            return result((int) SHUTDOWN.invokeExact(state, fd, how));
        } catch (Throwable e) {
            throw unexpected(e);
        }
    }

    /**
     * Makes a non-blocking pipe.
     *
     * @return its ends: the one to read from in the low 32 bits, the one to write to in the high ones
     */
    public long pipe() {
        try {
            int made = result((int) PIPE2.invokeExact(state, scratch.address(), O_NONBLOCK_CLOEXEC));
            return made < 0 ? made : scratch.get(JAVA_LONG, 0);
        } catch (Throwable e) {
            throw unexpected(e);
        }
    }

    /** Asks for so much room in a pipe; answers what it has then. */
    public int pipeSize(int fd, int bytes) {
        return fcntl(fd, F_SETPIPE_SZ, bytes);
    }

    /** How much room a pipe has. */
    public int pipeSize(int fd) {
        return fcntl(fd, F_GETPIPE_SZ, 0);
    }

    /** Has a socket's close send a reset, and throw away what is unsent: SO_LINGER with no time (socket(7)). */
    public int resetAtClose(int fd) {
        scratch.set(JAVA_INT, 0, 1);
        scratch.set(JAVA_INT, Integer.BYTES, 0);
        try {
            return result((int) SETSOCKOPT.invokeExact(
                    state, fd, SocketLayout.SOL_SOCKET, SocketLayout.SO_LINGER, scratch.address(), 2 * Integer.BYTES));
        } catch (Throwable e) {
            throw unexpected(e);
        }
    }

    private int fcntl(int fd, int command, int argument) {
        try {
            return result((int) FCNTL.invokeExact(state, fd, command, argument));
        } catch (Throwable e) {
            throw unexpected(e);
        }
    }

    private int result(long returned) {
        return returned >= 0 ? (int) returned : -Memory.getInt(errnoAt);
    }

    private static IllegalStateException unexpected(Throwable e) {
        return new IllegalStateException("a system call could not be made", e);
    }
}
