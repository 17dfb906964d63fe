package io.marchproxy.l3l4.engine.transport;

import io.netty.channel.EventLoop;
import io.netty.channel.IoEvent;
import io.netty.channel.IoEventLoop;
import io.netty.channel.IoRegistration;
import io.netty.channel.uring.IoUringIoHandle;
import java.io.IOException;
import java.lang.reflect.Field;
import java.lang.reflect.InaccessibleObjectException;
import java.lang.reflect.Method;

/**
 * Finds the file descriptor of an event loop's io_uring. A registration tells its handler (public); the handler keeps the
 * descriptor to itself (Netty 4.2.18), so it is read by reflection, and whoever asked does without when that fails.
 */
final class RingDescriptor {
    private RingDescriptor() {}

    /** The descriptor. Loop's thread. */
    static int of(EventLoop loop) throws IOException {
        IoRegistration registration =
                ((IoEventLoop) loop).register(new Nothing()).getNow();
        if (registration == null) {
            throw new IOException("the event loop takes nothing any more");
        }
        try {
            Object handler = registration.attachment();
            Field rings = handler.getClass().getDeclaredField("ringBuffer");
            rings.setAccessible(true);
            Object ring = rings.get(handler);
            Method descriptor = ring.getClass().getDeclaredMethod("fd");
            descriptor.setAccessible(true);
            return (int) descriptor.invoke(ring);
        } catch (ReflectiveOperationException | InaccessibleObjectException e) {
            throw new IOException("this Netty does not tell its io_uring's descriptor (" + e + ")", e);
        } finally {
            registration.cancel();
        }
    }

    private static final class Nothing implements IoUringIoHandle {
        @Override
        public void handle(IoRegistration registration, IoEvent event) {
            throw new IllegalStateException("nothing was asked for");
        }

        @Override
        public void close() {
            // has nothing
        }
    }
}
