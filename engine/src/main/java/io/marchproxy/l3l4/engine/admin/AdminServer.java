package io.marchproxy.l3l4.engine.admin;

import com.sun.net.httpserver.HttpServer;
import io.marchproxy.l3l4.config.settings.AdminSettings;
import java.io.IOException;
import java.net.BindException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.UnknownHostException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.atomic.AtomicBoolean;

/**
 * The admin server, on the JDK's own HTTP server.
 *
 * <p>A slow or hostile client cannot hurt: connections are bounded, a request that is not complete and an answer that is not
 * taken within {@value #SECONDS_PER_EXCHANGE} s end their connection, and until then each costs a virtual thread, not one of
 * a pool that could run out. The packet path is not involved.
 */
public final class AdminServer implements AutoCloseable {
    private static final int MOST_CONNECTIONS = 256;
    private static final int SECONDS_PER_EXCHANGE = 5;
    private static final int SECONDS_IDLE = 30;

    static {
        // The JDK's server reads its limits from system properties, once, when its classes load; a user's -D wins.
        limit("jdk.httpserver.maxConnections", MOST_CONNECTIONS);
        limit("sun.net.httpserver.maxReqTime", SECONDS_PER_EXCHANGE);
        limit("sun.net.httpserver.maxRspTime", SECONDS_PER_EXCHANGE);
        limit("sun.net.httpserver.idleInterval", SECONDS_IDLE);
        // How often it looks for connections on which nothing ever came; they count as a request that is not complete.
        limit("sun.net.httpserver.clockTick", 1_000);
        limit("sun.net.httpserver.maxReqHeaders", 64);
        limit("sun.net.httpserver.maxReqHeaderSize", 16 * 1024);
        limit("sun.net.httpserver.drainAmount", 16 * 1024);
        // An answer is written in two pieces; waiting for the first to be acknowledged costs 40 ms.
        if (System.getProperty("sun.net.httpserver.nodelay") == null) {
            System.setProperty("sun.net.httpserver.nodelay", "true");
        }
    }

    private final HttpServer server;
    private final AdminHandler handler;
    private final ExecutorService threads;
    private final AtomicBoolean closed = new AtomicBoolean();

    private AdminServer(HttpServer server, AdminHandler handler, ExecutorService threads) {
        this.server = server;
        this.handler = handler;
        this.threads = threads;
    }

    /**
     * Opens the port and answers from then on, that the service is not ready yet until {@link #serve} tells it otherwise.
     *
     * @throws IOException if the address cannot be listened on; the message is one clear line
     */
    public static AdminServer start(AdminSettings settings) throws IOException {
        HttpServer server = bind(settings);
        ExecutorService threads = Executors.newThreadPerTaskExecutor(
                Thread.ofVirtual().name("admin-", 0).factory());
        AdminHandler handler = new AdminHandler();
        server.setExecutor(threads);
        server.createContext("/", handler);
        server.start();
        return new AdminServer(server, handler, threads);
    }

    /** From now on asks the service, which stands. */
    public void serve(AdminSource source) {
        handler.ask(source);
    }

    /** Where it really listens. */
    public InetSocketAddress address() {
        return server.getAddress();
    }

    @Override
    public void close() {
        stop();
    }

    /** Ends at once; an exchange under way is cut off. Repeated calls do nothing. */
    public void stop() {
        if (!closed.getAndSet(true)) {
            server.stop(0);
            threads.shutdownNow();
        }
    }

    private static HttpServer bind(AdminSettings settings) throws IOException {
        String where = settings.address() + " port " + settings.port();
        try {
            return HttpServer.create(
                    new InetSocketAddress(InetAddress.getByName(settings.address()), settings.port()), 64);
        } catch (UnknownHostException e) {
            throw new IOException("admin.address " + settings.address() + " is no address of this host", e);
        } catch (BindException e) {
            throw new IOException("the admin server cannot listen on " + where + ": " + reason(e, settings), e);
        } catch (IOException e) {
            throw new IOException("the admin server cannot listen on " + where + ": " + e.getMessage(), e);
        }
    }

    private static String reason(BindException e, AdminSettings settings) {
        String message = String.valueOf(e.getMessage());
        if (message.contains("in use")) {
            return "the port is taken; choose another with admin.port or --admin-port";
        }
        if (message.contains("ermission")) {
            return "ports below 1024 need a privilege; choose another with admin.port or --admin-port";
        }
        if (message.contains("assign")) {
            return settings.address() + " is no address of this host";
        }
        return message;
    }

    private static void limit(String property, int value) {
        if (System.getProperty(property) == null) {
            System.setProperty(property, Integer.toString(value));
        }
    }
}
