package io.marchproxy.l3l4.engine.health;

import io.marchproxy.l3l4.config.settings.HealthSettings.Question;
import io.netty.bootstrap.Bootstrap;
import io.netty.buffer.Unpooled;
import io.netty.channel.ChannelFuture;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.EventLoop;
import io.netty.channel.SimpleChannelInboundHandler;
import io.netty.channel.socket.DatagramPacket;
import io.netty.channel.socket.nio.NioDatagramChannel;
import java.nio.charset.StandardCharsets;

/** Probes by UDP: a datagram, and one that answers it. Each from a port of its own, so that late answers go nowhere. */
final class DatagramProber implements Prober {
    private final Bootstrap bootstrap;

    DatagramProber(EventLoop loop) {
        bootstrap = new Bootstrap().group(loop).channelFactory(NioDatagramChannel::new);
    }

    @Override
    public void begin(ProbeRun run) {
        ChannelFuture connect =
                bootstrap.clone().handler(new Answer(run)).connect(run.target().probeAddress());
        run.uses(connect.channel());
        connect.addListener(done -> {
            if (!done.isSuccess()) {
                run.failed(done.cause());
            }
        });
    }

    private static final class Answer extends SimpleChannelInboundHandler<DatagramPacket> {
        private final ProbeRun run;
        private final Question question;

        Answer(ProbeRun run) {
            this.run = run;
            this.question = run.target().settings().question();
        }

        @Override
        public void channelActive(ChannelHandlerContext context) {
            run.waitsFor("answer");
            context.writeAndFlush(Unpooled.wrappedBuffer(question.send().getBytes(StandardCharsets.ISO_8859_1)))
                    .addListener(sent -> {
                        if (!sent.isSuccess()) {
                            run.failed(sent.cause());
                        }
                    });
        }

        @Override
        protected void channelRead0(ChannelHandlerContext context, DatagramPacket packet) {
            if (new AnswerText(question.expect()).add(packet.content())) {
                run.answered();
            } else {
                run.failed("probe: the answer is not the expected one");
            }
        }

        @Override
        public void exceptionCaught(ChannelHandlerContext context, Throwable cause) {
            run.failed(ProbeErrors.words(cause));
        }
    }
}
