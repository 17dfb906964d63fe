package io.marchproxy.l3l4.engine.health;

import io.marchproxy.l3l4.config.settings.HealthSettings.Question;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.SimpleChannelInboundHandler;
import java.nio.charset.StandardCharsets;

/** Sends what is to be sent over TCP, and looks for what is expected in what comes. */
final class AnswerHandler extends SimpleChannelInboundHandler<ByteBuf> {
    private final ProbeRun run;
    private final AnswerText answer;

    AnswerHandler(ProbeRun run) {
        this.run = run;
        this.answer = new AnswerText(run.target().settings().question().expect());
    }

    @Override
    public void channelActive(ChannelHandlerContext context) {
        run.waitsFor("expected answer");
        Question question = run.target().settings().question();
        if (!question.send().isEmpty()) {
            context.writeAndFlush(Unpooled.wrappedBuffer(question.send().getBytes(StandardCharsets.ISO_8859_1)));
        }
    }

    @Override
    protected void channelRead0(ChannelHandlerContext context, ByteBuf bytes) {
        if (answer.add(bytes)) {
            run.answered();
        } else if (answer.isFull()) {
            run.failed("probe: the answer is not the expected one");
        }
    }

    @Override
    public void channelInactive(ChannelHandlerContext context) {
        run.failed("probe: the connection was closed before the expected answer");
    }

    @Override
    public void exceptionCaught(ChannelHandlerContext context, Throwable cause) {
        run.failed(ProbeErrors.words(cause));
    }
}
