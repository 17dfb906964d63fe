package io.marchproxy.l3l4.engine.sys;

import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import io.marchproxy.l3l4.stages.packet.Memory;
import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemoryLayout;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandle;

/**
 * Socket calls of the C library. One thread uses an instance: it holds the place where errno is put.
 *
 * <p>Pointers are passed as numbers, which is the same to both calling conventions and needs no object. A call answers as
 * the kernel itself does: what the function returns or, when that is −1, the negative errno. A downcall costs 7–8 ns, and
 * errno 10 ns more. None is marked critical: the garbage collector would wait for whichever happens to take long.
 */
public final class SocketCalls {
    private static final MemoryLayout STATE = Linker.Option.captureStateLayout();
    private static final long STATE_ERRNO = STATE.byteOffset(MemoryLayout.PathElement.groupElement("errno"));

    private static final MethodHandle SOCKET = function("socket", JAVA_INT, JAVA_INT, JAVA_INT);
    private static final MethodHandle BIND = function("bind", JAVA_INT, JAVA_LONG, JAVA_INT);
    private static final MethodHandle CONNECT = function("connect", JAVA_INT, JAVA_LONG, JAVA_INT);
    private static final MethodHandle CLOSE = function("close", JAVA_INT);
    private static final MethodHandle SETSOCKOPT =
            function("setsockopt", JAVA_INT, JAVA_INT, JAVA_INT, JAVA_LONG, JAVA_INT);
    private static final MethodHandle GETSOCKOPT =
            function("getsockopt", JAVA_INT, JAVA_INT, JAVA_INT, JAVA_LONG, JAVA_LONG);
    private static final MethodHandle GETSOCKNAME = function("getsockname", JAVA_INT, JAVA_LONG, JAVA_LONG);
    private static final MethodHandle RECVMMSG =
            function("recvmmsg", JAVA_INT, JAVA_LONG, JAVA_INT, JAVA_INT, JAVA_LONG);
    private static final MethodHandle SENDMMSG = function("sendmmsg", JAVA_INT, JAVA_LONG, JAVA_INT, JAVA_INT);
    private static final MethodHandle RECVMSG = longFunction("recvmsg", JAVA_INT, JAVA_LONG, JAVA_INT);

    private final MemorySegment state = Arena.ofAuto().allocate(STATE);
    private final MemorySegment scratch = Arena.ofAuto().allocate(16, 8);

    /** Creates a socket. */
    public int socket(int family, int type, int protocol) {
        try {
            return result((int) SOCKET.invokeExact(state, family, type, protocol));
        } catch (Throwable e) {
            throw unexpected(e);
        }
    }

    /** Binds a socket to the address that stands at {@code address}. */
    public int bind(int fd, long address, int length) {
        try {
            return result((int) BIND.invokeExact(state, fd, address, length));
        } catch (Throwable e) {
            throw unexpected(e);
        }
    }

    /** Connects a socket to the address that stands at {@code address}. */
    public int connect(int fd, long address, int length) {
        try {
            return result((int) CONNECT.invokeExact(state, fd, address, length));
        } catch (Throwable e) {
            throw unexpected(e);
        }
    }

    /** Closes a descriptor. Whatever it answers, the descriptor is no longer ours (close(2)). */
    public int close(int fd) {
        try {
            return result((int) CLOSE.invokeExact(state, fd));
        } catch (Throwable e) {
            throw unexpected(e);
        }
    }

    /** Sets an option whose value is an int. */
    public int setOption(int fd, int level, int option, int value) {
        scratch.set(JAVA_INT, 0, value);
        try {
            return result((int) SETSOCKOPT.invokeExact(state, fd, level, option, scratch.address(), Integer.BYTES));
        } catch (Throwable e) {
            throw unexpected(e);
        }
    }

    /** Sets an option whose value stands at {@code address}. */
    public int setOption(int fd, int level, int option, long address, int length) {
        try {
            return result((int) SETSOCKOPT.invokeExact(state, fd, level, option, address, length));
        } catch (Throwable e) {
            throw unexpected(e);
        }
    }

    /**
     * Reads an option whose value is an int.
     *
     * @return the value, or the negative errno: not for options that may be negative
     */
    public int getOption(int fd, int level, int option) {
        scratch.set(JAVA_INT, 8, Integer.BYTES);
        try {
            int result = result(
                    (int) GETSOCKOPT.invokeExact(state, fd, level, option, scratch.address(), scratch.address() + 8));
            return result < 0 ? result : scratch.get(JAVA_INT, 0);
        } catch (Throwable e) {
            throw unexpected(e);
        }
    }

    /** Writes an option's value to {@code address}, which has room for {@code capacity} bytes; answers how many it has. */
    public int getOption(int fd, int level, int option, long address, int capacity) {
        scratch.set(JAVA_INT, 8, capacity);
        try {
            int result = result((int) GETSOCKOPT.invokeExact(state, fd, level, option, address, scratch.address() + 8));
            return result < 0 ? result : scratch.get(JAVA_INT, 8);
        } catch (Throwable e) {
            throw unexpected(e);
        }
    }

    /** Writes the socket's own address to {@code address}, which has room for {@code capacity} bytes. */
    public int socketName(int fd, long address, int capacity) {
        scratch.set(JAVA_INT, 0, capacity);
        try {
            return result((int) GETSOCKNAME.invokeExact(state, fd, address, scratch.address()));
        } catch (Throwable e) {
            throw unexpected(e);
        }
    }

    /**
     * Receives several datagrams.
     *
     * @param headers address of {@code count} mmsghdr structures
     * @return how many came, at least 1
     */
    public int receiveMany(int fd, long headers, int count, int flags) {
        try {
            return result((int) RECVMMSG.invokeExact(state, fd, headers, count, flags, 0L));
        } catch (Throwable e) {
            throw unexpected(e);
        }
    }

    /**
     * Sends several datagrams.
     *
     * @param headers address of {@code count} mmsghdr structures
     * @return how many were sent, at least 1: an error at a later one is not told, and is no longer pending
     */
    public int sendMany(int fd, long headers, int count, int flags) {
        try {
            return result((int) SENDMMSG.invokeExact(state, fd, headers, count, flags));
        } catch (Throwable e) {
            throw unexpected(e);
        }
    }

    /** Receives one message, also from the error queue. Answers the bytes received. */
    public int receive(int fd, long header, int flags) {
        try {
            return result((int) (long) RECVMSG.invokeExact(state, fd, header, flags));
        } catch (Throwable e) {
            throw unexpected(e);
        }
    }

    private int result(int returned) {
        return returned >= 0 ? returned : -Memory.getInt(state.address() + STATE_ERRNO);
    }

    private static IllegalStateException unexpected(Throwable e) {
        return new IllegalStateException("a system call could not be made", e);
    }

    private static MethodHandle function(String name, ValueLayout... arguments) {
        return link(name, FunctionDescriptor.of(JAVA_INT, arguments));
    }

    private static MethodHandle longFunction(String name, ValueLayout... arguments) {
        return link(name, FunctionDescriptor.of(JAVA_LONG, arguments));
    }

    @SuppressWarnings("restricted") // calling native functions is what this class is for
    static MethodHandle link(String name, FunctionDescriptor descriptor) {
        Linker linker = Linker.nativeLinker();
        MemorySegment symbol = linker.defaultLookup()
                .find(name)
                .orElseThrow(() -> new IllegalStateException("the C library has no " + name));
        return linker.downcallHandle(symbol, descriptor, Linker.Option.captureCallState("errno"));
    }
}
