package io.marchproxy.l3l4.engine.sys;

/** Error numbers of Linux that sockets answer with, as x86_64 and aarch64 number them (errno-base.h, errno.h). */
public final class Errno {
    public static final int EPERM = 1;
    public static final int EINTR = 4;
    public static final int EIO = 5;
    public static final int EBADF = 9;
    public static final int EAGAIN = 11;
    public static final int ENOMEM = 12;
    public static final int EACCES = 13;
    public static final int EBUSY = 16;
    public static final int EINVAL = 22;
    public static final int ENFILE = 23;
    public static final int EMFILE = 24;
    public static final int EPIPE = 32;
    public static final int ENOSYS = 38;
    public static final int ETIME = 62;
    public static final int EMSGSIZE = 90;
    public static final int ENOPROTOOPT = 92;
    public static final int EOPNOTSUPP = 95;
    public static final int EAFNOSUPPORT = 97;
    public static final int EADDRINUSE = 98;
    public static final int EADDRNOTAVAIL = 99;
    public static final int ENETUNREACH = 101;
    public static final int ECONNABORTED = 103;
    public static final int ECONNRESET = 104;
    public static final int ENOBUFS = 105;
    public static final int ETIMEDOUT = 110;
    public static final int ECONNREFUSED = 111;
    public static final int EHOSTUNREACH = 113;
    public static final int EINPROGRESS = 115;

    private Errno() {}

    /** The error's symbol and what it means to the user of a proxy, such as {@code EADDRINUSE (address already in use)}. */
    public static String describe(int errno) {
        return switch (errno) {
            case EPERM -> "EPERM (not permitted, perhaps by a packet filter)";
            case EINTR -> "EINTR (interrupted)";
            case EIO -> "EIO (input/output error)";
            case EBADF -> "EBADF (not an open file descriptor)";
            case EAGAIN -> "EAGAIN (the socket's buffer is full, or no free port is left)";
            case ENOMEM -> "ENOMEM (out of memory)";
            case EACCES -> "EACCES (permission denied)";
            case EBUSY -> "EBUSY (in use)";
            case EINVAL -> "EINVAL (invalid argument)";
            case ENFILE -> "ENFILE (the system's limit of open files is reached)";
            case EMFILE -> "EMFILE (the process's limit of open files is reached)";
            case EPIPE -> "EPIPE (the receiver takes nothing more)";
            case ENOSYS -> "ENOSYS (this kernel has no such call)";
            case ETIME -> "ETIME (the time is up)";
            case EMSGSIZE -> "EMSGSIZE (the datagram is too long)";
            case ENOPROTOOPT -> "ENOPROTOOPT (option or protocol not available)";
            case EOPNOTSUPP -> "EOPNOTSUPP (operation not supported)";
            case EAFNOSUPPORT -> "EAFNOSUPPORT (this machine has no such address family)";
            case EADDRINUSE -> "EADDRINUSE (address already in use)";
            case EADDRNOTAVAIL -> "EADDRNOTAVAIL (cannot assign requested address)";
            case ENETUNREACH -> "ENETUNREACH (no route to the network)";
            case ECONNABORTED -> "ECONNABORTED (the client was gone before it was accepted)";
            case ECONNRESET -> "ECONNRESET (the peer reset the connection)";
            case ENOBUFS -> "ENOBUFS (the kernel has no buffer left)";
            case ECONNREFUSED -> "ECONNREFUSED (nobody listens there)";
            case ETIMEDOUT -> "ETIMEDOUT (no answer in time)";
            case EHOSTUNREACH -> "EHOSTUNREACH (the host is unreachable)";
            case EINPROGRESS -> "EINPROGRESS (the connection is being made)";
            default -> "error " + errno;
        };
    }
}
