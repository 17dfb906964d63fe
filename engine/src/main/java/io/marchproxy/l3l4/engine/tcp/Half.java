package io.marchproxy.l3l4.engine.tcp;

import io.marchproxy.l3l4.engine.shard.ShardIngress;
import io.marchproxy.l3l4.stages.packet.Direction;
import io.marchproxy.l3l4.stages.pipeline.DropReason;
import io.netty.buffer.ByteBuf;
import io.netty.channel.Channel;
import io.netty.channel.ChannelFutureListener;
import java.util.ArrayDeque;
import org.jspecify.annotations.Nullable;

/**
 * One direction of a connection behind the stages: what was handed to the receiving socket and not yet taken by the kernel.
 * Event loop's thread.
 */
final class Half {
    private final Direction direction;
    private final ShardIngress ingress;
    private final ArrayDeque<Integer> unsent = new ArrayDeque<>();
    private final ChannelFutureListener onWritten = future -> written(future.isSuccess());
    private final ArrayDeque<ByteBuf> early = new ArrayDeque<>(1);
    private boolean ended;
    private int service;
    private int trafficClass;
    private boolean finForwarded;
    private boolean shut;

    Half(Direction direction, ShardIngress ingress) {
        this.direction = direction;
        this.ingress = ingress;
    }

    /** Where this half's bytes are counted; fixed from the first on. */
    void countsAs(int pipelineService, int packetClass) {
        service = pipelineService;
        trafficClass = packetClass;
    }

    /** Hands bytes to the receiver; they are in the books as held until the kernel has them. */
    void write(Channel receiver, ByteBuf bytes) {
        unsent.add(bytes.readableBytes());
        receiver.write(bytes).addListener(onWritten);
    }

    /** Gives up bytes that never reached a channel. */
    void discard(int bytes) {
        ingress.books().held(service, trafficClass, direction, -1, -bytes);
        ingress.books().dropped(service, trafficClass, direction, DropReason.RESET, 1, bytes);
    }

    private void written(boolean success) {
        int bytes = unsent.remove();
        if (success) {
            ingress.books().held(service, trafficClass, direction, -1, -bytes);
            ingress.books().out(service, trafficClass, direction, 1, bytes);
        } else {
            discard(bytes);
        }
    }

    void finForwarded() {
        finForwarded = true;
    }

    boolean isFinForwarded() {
        return finForwarded;
    }

    /** The receiver has been sent our FIN, after all bytes. */
    void shut() {
        shut = true;
    }

    boolean isShut() {
        return shut;
    }

    /** Keeps what came before the relay began. Bounded by what the kernel had received. */
    void early(ByteBuf bytes) {
        early.add(bytes);
    }

    @Nullable
    ByteBuf pollEarly() {
        return early.poll();
    }

    void releaseEarly() {
        early.forEach(ByteBuf::release);
        early.clear();
    }

    /** The sender's FIN has come: there is nothing more to read. */
    void ended() {
        ended = true;
    }

    boolean isEnded() {
        return ended;
    }
}
