package io.marchproxy.l3l4.engine.cli;

import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandle;
import java.nio.charset.StandardCharsets;
import java.util.Map;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Tells systemd how the service fares, by {@code sd_notify(3)}: datagrams of {@code KEY=value} lines to the socket that
 * {@code NOTIFY_SOCKET} names, a path or, with {@code @} in front, a name in the abstract namespace. Without that variable it
 * does nothing. The JDK has no datagram sockets of the Unix family, hence three calls of the C library.
 */
final class SystemdNotifier implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(SystemdNotifier.class);
    private static final int AF_UNIX = 1;
    private static final int SOCK_DGRAM_CLOEXEC = 2 | 0x80000;
    private static final int MSG_NOSIGNAL = 0x4000;
    private static final int PATH_OFFSET = 2;
    private static final int PATH_BYTES = 108;

    private final @Nullable Sender sender;
    private final long watchdogNs;
    private @Nullable ScheduledExecutorService watchdog;

    private SystemdNotifier(@Nullable Sender sender, long watchdogNs) {
        this.sender = sender;
        this.watchdogNs = watchdogNs;
    }

    /** As the environment says; a socket that cannot be used is logged and then left alone. */
    static SystemdNotifier of(Map<String, String> environment) {
        String socket = environment.getOrDefault("NOTIFY_SOCKET", "");
        if (socket.isEmpty()) {
            return new SystemdNotifier(null, 0);
        }
        byte[] name = socket.getBytes(StandardCharsets.UTF_8);
        boolean known = socket.charAt(0) == '/' || socket.charAt(0) == '@';
        if (!known || name.length >= PATH_BYTES) {
            LOG.warn("NOTIFY_SOCKET={} is neither a path nor an abstract name: systemd is not told anything", socket);
            return new SystemdNotifier(null, 0);
        }
        return new SystemdNotifier(new Sender(name), watchdogNs(environment));
    }

    private static long watchdogNs(Map<String, String> environment) {
        String pid = environment.getOrDefault("WATCHDOG_PID", "");
        boolean ours = pid.isEmpty()
                || pid.equals(Long.toString(ProcessHandle.current().pid()));
        try {
            long micros = Long.parseLong(environment.getOrDefault("WATCHDOG_USEC", "0"));
            return ours ? TimeUnit.MICROSECONDS.toNanos(Math.max(0, micros)) : 0;
        } catch (NumberFormatException _) {
            return 0;
        }
    }

    void ready(String status) {
        send("READY=1\nSTATUS=" + status);
    }

    /** Reading the configuration anew; {@link #ready} says when that is over. */
    void reloading() {
        // On Linux System.nanoTime() is CLOCK_MONOTONIC, which is what systemd compares with.
        send("RELOADING=1\nMONOTONIC_USEC=" + System.nanoTime() / 1_000 + "\nSTATUS=reloading");
    }

    void stopping() {
        send("STOPPING=1\nSTATUS=draining");
    }

    /** From now on, and as long as the service says that it lives, feeds the watchdog at twice the rate that is asked for. */
    void watch(BooleanSupplier live) {
        if (sender == null || watchdogNs == 0) {
            return;
        }
        watchdog = Executors.newSingleThreadScheduledExecutor(
                Thread.ofPlatform().name("systemd-watchdog").daemon().factory());
        var _ = watchdog.scheduleAtFixedRate(
                () -> {
                    if (live.getAsBoolean()) {
                        send("WATCHDOG=1");
                    }
                },
                0,
                watchdogNs / 2,
                TimeUnit.NANOSECONDS);
    }

    @Override
    public void close() {
        if (watchdog != null) {
            watchdog.shutdownNow();
        }
    }

    private void send(String message) {
        if (sender != null) {
            sender.send(message);
        }
    }

    /** The calls of the C library. */
    private static final class Sender {
        private static final Linker LINKER = Linker.nativeLinker();
        private static final MethodHandle SOCKET = downcall(
                "socket",
                FunctionDescriptor.of(
                        ValueLayout.JAVA_INT, ValueLayout.JAVA_INT, ValueLayout.JAVA_INT, ValueLayout.JAVA_INT));
        private static final MethodHandle SENDTO = downcall(
                "sendto",
                FunctionDescriptor.of(
                        ValueLayout.JAVA_LONG,
                        ValueLayout.JAVA_INT,
                        ValueLayout.ADDRESS,
                        ValueLayout.JAVA_LONG,
                        ValueLayout.JAVA_INT,
                        ValueLayout.ADDRESS,
                        ValueLayout.JAVA_INT));
        private static final MethodHandle CLOSE =
                downcall("close", FunctionDescriptor.of(ValueLayout.JAVA_INT, ValueLayout.JAVA_INT));

        private final byte[] name;

        Sender(byte[] name) {
            this.name = name;
        }

        @SuppressWarnings("restricted")
        private static MethodHandle downcall(String function, FunctionDescriptor descriptor) {
            return LINKER.downcallHandle(LINKER.defaultLookup().findOrThrow(function), descriptor);
        }

        /** Sends one datagram. A socket for each: messages are rare, and systemd may come back on a new one. */
        synchronized void send(String message) {
            try (Arena arena = Arena.ofConfined()) {
                byte[] bytes = (message + "\n").getBytes(StandardCharsets.UTF_8);
                MemorySegment text = arena.allocateFrom(ValueLayout.JAVA_BYTE, bytes);
                int socket = (int) SOCKET.invokeExact(AF_UNIX, SOCK_DGRAM_CLOEXEC, 0);
                long sent = (long) SENDTO.invokeExact(
                        socket, text, (long) bytes.length, MSG_NOSIGNAL, address(arena), PATH_OFFSET + name.length);
                int _ = (int) CLOSE.invokeExact(socket);
                if (sent != bytes.length) {
                    LOG.warn("systemd does not listen on {}", new String(name, StandardCharsets.UTF_8));
                }
            } catch (Throwable e) {
                throw new IllegalStateException("a call of the C library failed", e);
            }
        }

        /** {@code struct sockaddr_un}: the family in two bytes, then the path; an abstract name begins with a zero byte. */
        private MemorySegment address(Arena arena) {
            MemorySegment address = arena.allocate(PATH_OFFSET + PATH_BYTES);
            address.set(ValueLayout.JAVA_SHORT, 0, (short) AF_UNIX);
            MemorySegment.copy(name, 0, address, ValueLayout.JAVA_BYTE, PATH_OFFSET, name.length);
            if (name[0] == '@') {
                address.set(ValueLayout.JAVA_BYTE, PATH_OFFSET, (byte) 0);
            }
            return address;
        }
    }
}
