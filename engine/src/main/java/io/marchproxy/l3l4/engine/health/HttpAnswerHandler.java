package io.marchproxy.l3l4.engine.health;

import io.marchproxy.l3l4.config.Version;
import io.marchproxy.l3l4.config.settings.HealthSettings.Question;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.SimpleChannelInboundHandler;
import io.netty.handler.codec.http.DefaultFullHttpRequest;
import io.netty.handler.codec.http.FullHttpRequest;
import io.netty.handler.codec.http.HttpContent;
import io.netty.handler.codec.http.HttpHeaderNames;
import io.netty.handler.codec.http.HttpHeaderValues;
import io.netty.handler.codec.http.HttpMethod;
import io.netty.handler.codec.http.HttpObject;
import io.netty.handler.codec.http.HttpResponse;
import io.netty.handler.codec.http.HttpVersion;
import io.netty.handler.codec.http.LastHttpContent;
import io.netty.handler.ssl.SslHandshakeCompletionEvent;

/** Sends a GET request, and looks at the answer's status and at as much of its body as it takes to find what is expected. */
final class HttpAnswerHandler extends SimpleChannelInboundHandler<HttpObject> {
    private final ProbeRun run;
    private final Question question;
    private final AnswerText body;
    private final boolean tls;

    HttpAnswerHandler(ProbeRun run, boolean tls) {
        this.run = run;
        this.tls = tls;
        this.question = run.target().settings().question();
        this.body = new AnswerText(question.expect());
    }

    @Override
    public void channelActive(ChannelHandlerContext context) {
        if (tls) {
            run.waitsFor("TLS handshake");
        } else {
            ask(context);
        }
    }

    @Override
    public void userEventTriggered(ChannelHandlerContext context, Object event) {
        if (event instanceof SslHandshakeCompletionEvent handshake && handshake.isSuccess()) {
            ask(context);
        }
    }

    private void ask(ChannelHandlerContext context) {
        run.waitsFor("answer to the HTTP request");
        FullHttpRequest request = new DefaultFullHttpRequest(HttpVersion.HTTP_1_1, HttpMethod.GET, question.path());
        ProbeTarget target = run.target();
        int port = target.probeAddress().getPort();
        String host = target.probeHost();
        String shown = host.indexOf(':') >= 0 && !host.startsWith("[") ? "[" + host + "]" : host;
        request.headers()
                .set(HttpHeaderNames.HOST, port == (tls ? 443 : 80) ? shown : shown + ":" + port)
                .set(HttpHeaderNames.USER_AGENT, "proxy-l3l4/" + Version.current())
                .set(HttpHeaderNames.ACCEPT, "*/*")
                .set(HttpHeaderNames.CONNECTION, HttpHeaderValues.CLOSE);
        context.writeAndFlush(request);
    }

    @Override
    protected void channelRead0(ChannelHandlerContext context, HttpObject part) {
        if (part.decoderResult().isFailure()) {
            run.failed("probe: the answer is no HTTP");
            return;
        }
        if (part instanceof HttpResponse response && !head(response)) {
            return;
        }
        if (part instanceof HttpContent content) {
            if (body.add(content.content())) {
                run.answered();
            } else if (content instanceof LastHttpContent || body.isFull()) {
                run.failed("probe: the body is not the expected one");
            }
        }
    }

    private boolean head(HttpResponse response) {
        int status = response.status().code();
        if (!question.status().holds(status)) {
            run.failed("probe: HTTP status " + status);
            return false;
        }
        if (question.expect().isEmpty()) {
            run.answered();
            return false;
        }
        run.waitsFor("expected body");
        return true;
    }

    @Override
    public void channelInactive(ChannelHandlerContext context) {
        run.failed("probe: the connection was closed before the answer");
    }

    @Override
    public void exceptionCaught(ChannelHandlerContext context, Throwable cause) {
        run.failed(ProbeErrors.words(cause));
    }
}
