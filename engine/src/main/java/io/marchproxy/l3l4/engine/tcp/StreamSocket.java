package io.marchproxy.l3l4.engine.tcp;

import io.marchproxy.l3l4.engine.transport.FdReadiness;
import java.io.IOException;
import java.net.InetSocketAddress;

/**
 * One socket of a connection, non-blocking. It does what it is told and nothing by itself: what can be read stays in the
 * kernel until it is read, and the end of the stream is read like its bytes. Event loop's thread.
 *
 * <p>Calls answer as the kernel does: a number, or a negative errno of {@link io.marchproxy.l3l4.engine.sys.Errno}.
 */
interface StreamSocket {
    /** {@link #descriptor} of a socket that has none to be used. */
    int NO_DESCRIPTOR = -1;

    /**
     * Begins to tell of changes, by the bits of {@link FdReadiness}. Each is told once: what can be read is told again only
     * after a read came to the end of what there was, and room to write only after a write found too little. A connect's
     * outcome is told as writable, or as an error.
     *
     * @throws IOException if the event loop takes no socket, as when it is shutting down
     */
    void watch(FdReadiness.Watcher watcher) throws IOException;

    /** Begins to connect: 0 when it is done at once, −EINPROGRESS when its outcome will be told. */
    int connect(InetSocketAddress address);

    /** What became of the connect: 0, −EINPROGRESS when that is not known yet, or why it failed. */
    int connectOutcome();

    /**
     * Reads into a chunk, which then holds that and nothing else. Less than asked for says that there is no more now, unless
     * the peer has ended or the stream has urgent data.
     *
     * @return bytes, 0 at the end of the stream, −EAGAIN when there is nothing
     */
    int read(Chunk into, int most);

    /**
     * Writes what a chunk holds, and takes it out of the chunk as far as the kernel took it.
     *
     * @return bytes; fewer than there were, or −EAGAIN, when there is no more room now
     */
    int write(Chunk from);

    /** What splice(2) can name the socket by, or {@link #NO_DESCRIPTOR}. */
    int descriptor();

    /** Takes the pending error off the socket: 0 when there is none, or where that can't be asked. */
    int takeError();

    /** Sends our FIN behind all that was written. */
    int shutdownOutput();

    /** Has segments leave without waiting for more (TCP_NODELAY), or not. */
    void noDelay(boolean on);

    /** Has packets leave with a code point, 0 to 63; false when that is refused. */
    boolean mark(int codePoint);

    /**
     * The code point of the SYN that the other end began the connection with, 0 to 63; 0 also where the kernel does not tell: of
     * a connection that began here, one let in by a SYN cookie, and on java.nio.
     */
    int ingressDscp();

    /** Who is at the other end. */
    InetSocketAddress remoteAddress();

    /** What the other end addressed. */
    InetSocketAddress localAddress();

    /** Closes the socket: in good order, unless something it received was not read (RFC 1122, 4.2.2.13). Repeated calls do nothing. */
    void close();

    /** Closes the socket with a reset, and throws away what is unsent. Not after {@link #close}. */
    void reset();
}
