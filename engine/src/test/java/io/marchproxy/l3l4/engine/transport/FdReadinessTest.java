package io.marchproxy.l3l4.engine.transport;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.marchproxy.l3l4.engine.sys.SocketAddresses;
import io.marchproxy.l3l4.engine.sys.SocketCalls;
import io.marchproxy.l3l4.engine.sys.SocketLayout;
import io.marchproxy.l3l4.engine.testing.Await;
import io.marchproxy.l3l4.engine.testing.Ports;
import io.netty.channel.EventLoop;
import io.netty.channel.MultiThreadIoEventLoopGroup;
import java.lang.foreign.Arena;
import java.net.DatagramPacket;
import java.net.DatagramSocket;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.concurrent.Callable;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Readiness is told when something comes, again when asked, and never after the end. */
@Timeout(30)
class FdReadinessTest {
    private static final Duration DEADLINE = Duration.ofSeconds(10);

    private final SocketCalls calls = new SocketCalls();
    private final Arena arena = Arena.ofAuto();
    private final AtomicInteger told = new AtomicInteger();
    private final AtomicInteger errors = new AtomicInteger();
    private MultiThreadIoEventLoopGroup group =
            new MultiThreadIoEventLoopGroup(1, Transports.handlers(TransportKind.NIO));
    private final long emptyHeader =
            arena.allocate(SocketLayout.MMSGHDR_SIZE, 8).address();
    private int port;

    @AfterEach
    void stop() {
        group.shutdownGracefully(0, 5, TimeUnit.SECONDS).syncUninterruptibly();
    }

    @ParameterizedTest
    @EnumSource(names = {"IO_URING", "EPOLL"})
    void shouldTellOfEveryArrival(TransportKind transport) throws Exception {
        EventLoop loop = start(transport);
        int fd = bind();
        FdReadiness readiness = register(loop, transport, fd);
        for (int i = 1; i <= 100; i++) {
            send();
            int expected = i;
            Await.until("datagram " + i + " is told", DEADLINE, () -> told.get() >= expected);
            assertEquals(1, on(loop, () -> drain(fd)));
        }
        closed(loop, readiness, fd).get(10, TimeUnit.SECONDS);
    }

    @ParameterizedTest
    @EnumSource(names = {"IO_URING", "EPOLL"})
    void shouldTellAgainWhatWasLeftUnread(TransportKind transport) throws Exception {
        EventLoop loop = start(transport);
        int fd = bind();
        CompletableFuture<FdReadiness> self = new CompletableFuture<>();
        FdReadiness readiness = on(
                loop,
                () -> FdReadiness.register(loop, transport, fd, hasError -> {
                    if (told.incrementAndGet() < 5) {
                        self.join().again();
                    } else {
                        drain(fd);
                    }
                }));
        self.complete(readiness);
        send();
        Await.until("it is told five times", DEADLINE, () -> told.get() >= 5);
        closed(loop, readiness, fd).get(10, TimeUnit.SECONDS);
    }

    @ParameterizedTest
    @EnumSource(names = {"IO_URING", "EPOLL"})
    void shouldSayNothingAfterTheEnd(TransportKind transport) throws Exception {
        EventLoop loop = start(transport);
        for (int i = 0; i < 200; i++) {
            int fd = bind();
            FdReadiness readiness = register(loop, transport, fd);
            CompletableFuture<Void> gone = on(loop, () -> {
                int before = told.get();
                readiness.again();
                send();
                CompletableFuture<Void> closing = new CompletableFuture<>();
                readiness.close(() -> {
                    calls.close(fd);
                    assertEquals(before, told.get());
                    closing.complete(null);
                });
                return closing;
            });
            int before = told.get();
            gone.get(10, TimeUnit.SECONDS);
            assertEquals(before, told.get());
        }
    }

    @ParameterizedTest
    @EnumSource(names = {"IO_URING", "EPOLL"})
    void shouldNotMistakeANewFileForTheOldOneOfTheSameNumber(TransportKind transport) throws Exception {
        EventLoop loop = start(transport);
        int first;
        int second = bind();
        do {
            // Another thread of this process may open or close a file in between, so that the number is not the same.
            calls.close(second);
            first = bind();
            FdReadiness old = register(loop, transport, first);
            closed(loop, old, first).get(10, TimeUnit.SECONDS);
            second = bind();
        } while (first != second);
        int again = second;
        AtomicInteger toldOfNew = new AtomicInteger();
        FdReadiness readiness = on(
                loop,
                () -> FdReadiness.register(loop, transport, again, hasError -> {
                    toldOfNew.incrementAndGet();
                    drain(again);
                }));
        send();
        Await.until("the new one is told", DEADLINE, () -> toldOfNew.get() >= 1);
        assertEquals(0, told.get());
        closed(loop, readiness, again).get(10, TimeUnit.SECONDS);
    }

    @ParameterizedTest
    @EnumSource(names = {"IO_URING", "EPOLL"})
    void shouldTellOfAnError(TransportKind transport) throws Exception {
        EventLoop loop = start(transport);
        int nobody = Ports.free();
        int fd = open();
        long at = arena.allocate(64, 8).address();
        int length = SocketAddresses.write(at, new InetSocketAddress(InetAddress.getLoopbackAddress(), nobody));
        assertEquals(0, calls.connect(fd, at, length));
        FdReadiness readiness = register(loop, transport, fd);
        long header = arena.allocate(SocketLayout.MMSGHDR_SIZE, 8).address();
        assertEquals(1, calls.sendMany(fd, header, 1, 0));
        Await.until("the refusal is told", DEADLINE, () -> errors.get() >= 1);
        closed(loop, readiness, fd).get(10, TimeUnit.SECONDS);
    }

    @ParameterizedTest
    @EnumSource(names = {"IO_URING", "EPOLL"})
    void shouldStaySilentWhenTheLoopEndsFirst(TransportKind transport) throws Exception {
        EventLoop loop = start(transport);
        int fd = bind();
        register(loop, transport, fd);
        group.shutdownGracefully(0, 5, TimeUnit.SECONDS).syncUninterruptibly();
        send();
        assertEquals(0, told.get());
        assertEquals(0, calls.close(fd), "the descriptor was left to its owner");
    }

    @ParameterizedTest
    @EnumSource(names = "NIO")
    void shouldRefuseDescriptorsOnNio(TransportKind transport) {
        assertThrows(
                IllegalArgumentException.class,
                () -> FdReadiness.register(group.next(), transport, 0, hasError -> told.incrementAndGet()));
    }

    private EventLoop start(TransportKind transport) {
        stop();
        group = new MultiThreadIoEventLoopGroup(1, Transports.handlers(transport));
        return group.next();
    }

    private int open() {
        int fd = calls.socket(SocketLayout.AF_INET, SocketLayout.SOCK_DGRAM | SocketLayout.SOCK_NONBLOCK, 0);
        assertTrue(fd >= 0);
        return fd;
    }

    private int bind() {
        int fd = open();
        long at = arena.allocate(64, 8).address();
        int length = SocketAddresses.write(at, new InetSocketAddress(InetAddress.getLoopbackAddress(), 0));
        assertEquals(0, calls.bind(fd, at, length));
        assertEquals(0, calls.socketName(fd, at, 64));
        port = SocketAddresses.read(at).getPort();
        return fd;
    }

    private void send() throws Exception {
        try (DatagramSocket sender = new DatagramSocket()) {
            sender.send(new DatagramPacket(new byte[1], 1, InetAddress.getLoopbackAddress(), port));
        }
    }

    /** Reads and throws away what is there; answers how many datagrams. */
    private int drain(int fd) {
        SocketCalls own = new SocketCalls();
        int count = 0;
        while (own.receive(fd, emptyHeader, SocketLayout.MSG_DONTWAIT) >= 0) {
            count++;
        }
        return count;
    }

    private FdReadiness register(EventLoop loop, TransportKind transport, int fd) throws Exception {
        return on(
                loop,
                () -> FdReadiness.register(loop, transport, fd, hasError -> {
                    told.incrementAndGet();
                    if (hasError) {
                        errors.incrementAndGet();
                        calls.getOption(fd, SocketLayout.SOL_SOCKET, SocketLayout.SO_ERROR);
                    }
                }));
    }

    private CompletableFuture<Void> closed(EventLoop loop, FdReadiness readiness, int fd) throws Exception {
        CompletableFuture<Void> closed = new CompletableFuture<>();
        on(loop, () -> {
            readiness.close(() -> {
                calls.close(fd);
                closed.complete(null);
            });
            return true;
        });
        return closed;
    }

    private static <T> T on(EventLoop loop, Callable<T> task) throws Exception {
        return loop.submit(task).get(10, TimeUnit.SECONDS);
    }
}
