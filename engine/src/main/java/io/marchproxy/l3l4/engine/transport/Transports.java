package io.marchproxy.l3l4.engine.transport;

import io.netty.channel.IoHandlerFactory;
import io.netty.channel.epoll.Epoll;
import io.netty.channel.epoll.EpollIoHandler;
import io.netty.channel.nio.NioIoHandler;
import io.netty.channel.uring.IoUring;
import java.util.List;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/** Chooses the transport: the first of io_uring, epoll and NIO that this machine lets the process use. */
public final class Transports {
    /** Entries of the submission queue: enough for a batch of reads and writes of a busy shard without a flush in between. */
    private static final int SUBMISSION_ENTRIES = 1024;

    /** Entries of the completion queue: multishot operations may complete many times between two turns of the loop. */
    private static final int COMPLETION_ENTRIES = 8192;

    private Transports() {}

    /**
     * What was chosen and why.
     *
     * @param refusals one line for each better transport that is not to be had; empty when the first choice was
     */
    public record Choice(TransportKind kind, List<String> refusals) {}

    /**
     * Chooses.
     *
     * @param wanted the one to use, or null for the best that there is
     * @return the wanted one or, when it is refused, the next best with the reason
     */
    public static Choice choose(@Nullable TransportKind wanted) {
        return choose(wanted, Transports::refusal);
    }

    static Choice choose(@Nullable TransportKind wanted, Function<TransportKind, @Nullable String> refusal) {
        java.util.ArrayList<String> refusals = new java.util.ArrayList<>();
        for (TransportKind kind : TransportKind.values()) {
            if (wanted != null && kind.ordinal() < wanted.ordinal()) {
                continue;
            }
            String reason = refusal.apply(kind);
            if (reason == null) {
                return new Choice(kind, List.copyOf(refusals));
            }
            refusals.add(kind.label() + " is refused here (" + reason + ")");
        }
        throw new IllegalStateException("NIO is always there");
    }

    /** Makes the I/O handlers of event loops of a kind. */
    public static IoHandlerFactory handlers(TransportKind kind) {
        return switch (kind) {
            case IO_URING -> UringIoHandler.factory(SUBMISSION_ENTRIES, COMPLETION_ENTRIES);
            case EPOLL -> EpollIoHandler.newFactory();
            case NIO -> NioIoHandler.newFactory();
        };
    }

    private static @Nullable String refusal(TransportKind kind) {
        Throwable cause = switch (kind) {
            case IO_URING -> IoUring.isAvailable() ? null : IoUring.unavailabilityCause();
            case EPOLL -> Epoll.isAvailable() ? null : Epoll.unavailabilityCause();
            case NIO -> null;
        };
        if (cause == null) {
            return null;
        }
        return reason(cause);
    }

    /** What is behind a failure, in one line. */
    public static String reason(Throwable failure) {
        Throwable root = failure;
        while (root.getCause() != null) {
            root = root.getCause();
        }
        String message = root.getMessage();
        return message == null
                ? root.getClass().getSimpleName()
                : message.lines().findFirst().orElse("no reason given");
    }
}
