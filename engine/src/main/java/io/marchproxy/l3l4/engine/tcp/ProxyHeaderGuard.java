package io.marchproxy.l3l4.engine.tcp;

import io.marchproxy.l3l4.config.settings.ProxyProtocolSettings.Version;
import io.netty.buffer.ByteBuf;
import io.netty.channel.ChannelDuplexHandler;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelPromise;
import io.netty.handler.codec.haproxy.HAProxyProtocolException;
import java.nio.charset.StandardCharsets;

/**
 * Lets only a header of the configured version come near the decoder, which takes either and waits for an end of line in
 * whatever else it is sent. Judges byte by byte, so that a client without a header is refused with its first wrong byte.
 * Keeps the decoder from closing the connection by itself: the stages are to count it first.
 */
final class ProxyHeaderGuard extends ChannelDuplexHandler {
    private static final byte[] V1 = "PROXY ".getBytes(StandardCharsets.US_ASCII);

    /** The signature, and the version in the upper half of the byte behind it. */
    private static final byte[] V2 = {0x0D, 0x0A, 0x0D, 0x0A, 0x00, 0x0D, 0x0A, 0x51, 0x55, 0x49, 0x54, 0x0A, 0x20};

    private static final int VERSION_AT = V2.length - 1;
    private static final int VERSION_MASK = 0xF0;

    private final byte[] wanted;
    private int matched;
    private boolean decoding;

    ProxyHeaderGuard(Version version) {
        wanted = version == Version.V1 ? V1 : V2;
    }

    @Override
    public void channelRead(ChannelHandlerContext context, Object message) {
        if (message instanceof ByteBuf bytes && !matches(bytes)) {
            bytes.release();
            context.fireExceptionCaught(new HAProxyProtocolException("not a PROXY header of the configured version"));
            return;
        }
        decoding = true;
        try {
            context.fireChannelRead(message);
        } finally {
            decoding = false;
        }
    }

    @Override
    public void close(ChannelHandlerContext context, ChannelPromise promise) {
        if (!decoding) {
            context.close(promise);
        }
    }

    private boolean matches(ByteBuf bytes) {
        for (int i = bytes.readerIndex(); i < bytes.writerIndex() && matched < wanted.length; i++) {
            int mask = matched == VERSION_AT ? VERSION_MASK : 0xFF;
            if ((bytes.getByte(i) & mask) != wanted[matched]) {
                return false;
            }
            matched++;
        }
        return true;
    }
}
