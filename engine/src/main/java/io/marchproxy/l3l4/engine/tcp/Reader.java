package io.marchproxy.l3l4.engine.tcp;

import io.marchproxy.l3l4.stages.packet.Direction;
import io.netty.buffer.ByteBuf;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.socket.ChannelInputShutdownEvent;

/** Turns what one socket of a connection reports into events of the connection. Event loop's thread. */
final class Reader extends ChannelInboundHandlerAdapter {
    private final TcpConnection connection;
    private final Direction direction;

    /**
     * Reads one side.
     *
     * @param direction that bytes read here go
     */
    Reader(TcpConnection connection, Direction direction) {
        this.connection = connection;
        this.direction = direction;
    }

    @Override
    public void channelRead(ChannelHandlerContext context, Object message) {
        connection.received(direction, (ByteBuf) message);
    }

    @Override
    public void channelReadComplete(ChannelHandlerContext context) {
        connection.settle();
    }

    @Override
    public void userEventTriggered(ChannelHandlerContext context, Object event) {
        if (event instanceof ChannelInputShutdownEvent) {
            connection.ended(direction);
        }
    }

    @Override
    public void channelWritabilityChanged(ChannelHandlerContext context) {
        connection.writabilityChanged(direction.opposite(), context.channel().isWritable());
    }

    @Override
    public void channelInactive(ChannelHandlerContext context) {
        connection.gone(direction);
    }

    @Override
    public void exceptionCaught(ChannelHandlerContext context, Throwable cause) {
        connection.broken(direction);
    }
}
