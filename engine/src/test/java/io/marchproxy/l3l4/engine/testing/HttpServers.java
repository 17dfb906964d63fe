package io.marchproxy.l3l4.engine.testing;

import com.sun.net.httpserver.HttpServer;
import com.sun.net.httpserver.HttpsServer;
import io.marchproxy.l3l4.engine.admin.AdminServer;
import java.io.IOException;
import java.lang.invoke.MethodHandles;
import java.net.InetAddress;
import java.net.InetSocketAddress;

/**
 * The JDK's HTTP servers, on a free port of loopback. The JDK reads their limits once in a JVM, when the first is made: made here, they are
 * those of the admin server, whatever the order in which tests run.
 */
public final class HttpServers {

    private static final int BACKLOG = 50;

    static {
        try {
            MethodHandles.lookup().ensureInitialized(AdminServer.class);
        } catch (IllegalAccessException e) {
            throw new ExceptionInInitializerError(e);
        }
    }

    private HttpServers() {}

    public static HttpServer plain() throws IOException {
        return HttpServer.create(address(), BACKLOG);
    }

    public static HttpsServer overTls() throws IOException {
        return HttpsServer.create(address(), BACKLOG);
    }

    private static InetSocketAddress address() {
        return new InetSocketAddress(InetAddress.getLoopbackAddress(), 0);
    }
}
