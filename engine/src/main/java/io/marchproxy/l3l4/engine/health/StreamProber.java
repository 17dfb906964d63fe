package io.marchproxy.l3l4.engine.health;

import io.marchproxy.l3l4.config.settings.HealthSettings;
import io.netty.bootstrap.Bootstrap;
import io.netty.channel.Channel;
import io.netty.channel.ChannelFactory;
import io.netty.channel.ChannelFuture;
import io.netty.channel.ChannelHandler;
import io.netty.channel.ChannelInitializer;
import io.netty.channel.ChannelOption;
import io.netty.channel.EventLoop;
import io.netty.handler.codec.http.HttpClientCodec;
import io.netty.handler.ssl.SslContext;
import io.netty.handler.ssl.SslContextBuilder;
import io.netty.handler.ssl.SslHandler;
import io.netty.handler.ssl.SslProvider;
import io.netty.handler.ssl.util.InsecureTrustManagerFactory;
import javax.net.ssl.SSLException;
import org.jspecify.annotations.Nullable;

/**
 * Probes by TCP: a connect, a connect with something sent and expected, HTTP, and HTTP by TLS. Connections are reset when the
 * probe is over, so that they leave no TIME_WAIT behind.
 */
final class StreamProber implements Prober {
    private final Bootstrap bootstrap;
    private @Nullable SslContext checked;
    private @Nullable SslContext unchecked;

    StreamProber(EventLoop loop, ChannelFactory<? extends Channel> sockets) {
        this.bootstrap = new Bootstrap().group(loop).channelFactory(sockets).option(ChannelOption.SO_LINGER, 0);
    }

    @Override
    public void begin(ProbeRun run) {
        ProbeTarget target = run.target();
        HealthSettings settings = target.settings();
        boolean asks =
                settings.protocol().isHttp() || !settings.question().expect().isEmpty();
        ChannelHandler handler;
        try {
            handler = asks ? asking(run) : new QuietHandler();
        } catch (SSLException e) {
            run.notAsked("TLS is not to be had: " + e.getMessage());
            return;
        }
        ChannelFuture connect = bootstrap.clone().handler(handler).connect(target.probeAddress());
        run.uses(connect.channel());
        connect.addListener(done -> {
            if (!done.isSuccess()) {
                run.failed(done.cause());
                return;
            }
            run.connected();
            if (!asks) {
                run.answered();
            }
        });
    }

    private ChannelHandler asking(ProbeRun run) throws SSLException {
        HealthSettings settings = run.target().settings();
        return switch (settings.protocol()) {
            case HTTP -> new Http(run, null);
            case HTTPS -> new Http(run, context(settings.question().verifyTls()));
            default -> new AnswerHandler(run);
        };
    }

    private SslContext context(boolean verify) throws SSLException {
        SslContext known = verify ? checked : unchecked;
        if (known != null) {
            return known;
        }
        // The JDK's own: certificates are checked against its trust store, -Djavax.net.ssl.trustStore names another.
        SslContextBuilder builder = SslContextBuilder.forClient().sslProvider(SslProvider.JDK);
        SslContext made = verify
                ? builder.endpointIdentificationAlgorithm("HTTPS").build()
                : builder.trustManager(InsecureTrustManagerFactory.INSTANCE)
                        .endpointIdentificationAlgorithm(null)
                        .build();
        if (verify) {
            checked = made;
        } else {
            unchecked = made;
        }
        return made;
    }

    /** The row of handlers that speak HTTP. */
    private static final class Http extends ChannelInitializer<Channel> {
        private static final int LONGEST_LINE = 4096;
        private static final int LONGEST_HEADER = 16 * 1024;
        private static final int LONGEST_PIECE = 8192;

        private final ProbeRun run;
        private final @Nullable SslContext tls;

        Http(ProbeRun run, @Nullable SslContext tls) {
            this.run = run;
            this.tls = tls;
        }

        @Override
        protected void initChannel(Channel channel) {
            if (tls != null) {
                ProbeTarget target = run.target();
                SslHandler handler = tls.newHandler(
                        channel.alloc(),
                        target.probeHost(),
                        target.probeAddress().getPort());
                handler.setHandshakeTimeoutMillis(0);
                channel.pipeline().addLast(handler);
            }
            channel.pipeline()
                    .addLast(new HttpClientCodec(LONGEST_LINE, LONGEST_HEADER, LONGEST_PIECE))
                    .addLast(new HttpAnswerHandler(run, tls != null));
        }
    }
}
