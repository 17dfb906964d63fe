package io.marchproxy.l3l4.engine.tcp;

import io.marchproxy.l3l4.config.settings.ProxyProtocolSettings;
import io.marchproxy.l3l4.config.settings.ServiceSettings;
import io.marchproxy.l3l4.engine.listen.BindFailure;
import io.marchproxy.l3l4.engine.listen.ListenException;
import io.marchproxy.l3l4.engine.shard.Listener;
import io.marchproxy.l3l4.engine.shard.ListenerSpec;
import io.marchproxy.l3l4.stages.pipeline.DropReason;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.TimeUnit;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Accepts connections on one address for one shard. */
final class TcpListener implements Listener {
    private static final Logger LOG = LoggerFactory.getLogger(TcpListener.class);
    private static final long CLOSE_WAIT_SECONDS = 5;

    /** Clients that one turn accepts, so that a rush of them does not crowd out those that are here. */
    private static final int ACCEPTS_AT_ONCE = 64;

    private final TcpShard shard;
    private final Admission admission;
    private final ListeningSocket socket;
    private final AcceptPause pause;
    private final DescriptorBudget budget;
    private final WaitingRoom waiting;
    private final Runnable acceptOn = this::acceptOn;
    private volatile ListenerSpec spec;
    private boolean closed;

    /**
     * Binds without accepting yet. Not on the event loop's thread.
     *
     * @throws ListenException when the address can't be listened on
     */
    TcpListener(TcpShard shard, ListenerSpec spec, Admission admission, AcceptPauses pauses, DescriptorBudget budget)
            throws ListenException {
        this.shard = shard;
        this.admission = admission;
        this.spec = spec;
        this.budget = budget;
        this.waiting = new WaitingRoom(shard.loop(), shard.ingress(), budget, this::admit);
        this.pause =
                new AcceptPause(shard.loop(), pauses, spec.settings().name(), () -> !waiting.isEmpty(), this::paused);
        try {
            this.socket =
                    shard.sockets().listening(spec.address(), spec.settings().backlog());
        } catch (IOException e) {
            throw BindFailure.explain("tcp", spec, e);
        }
    }

    @Override
    public InetSocketAddress address() {
        return socket.address();
    }

    @Override
    public int descriptor() {
        return socket.descriptor();
    }

    @Override
    public void start() {
        shard.loop().execute(() -> {
            try {
                if (!closed) {
                    socket.watch(acceptOn);
                }
            } catch (IOException e) {
                LOG.warn(
                        "service {}: no connections can be accepted",
                        spec.settings().name(),
                        e);
            }
        });
    }

    @Override
    public void update(ServiceSettings settings) {
        spec = new ListenerSpec(spec.listener(), spec.service(), spec.address(), settings);
        admission.update(settings);
    }

    @Override
    public void close() {
        CompletableFuture<Void> done = new CompletableFuture<>();
        Runnable closing = () -> {
            if (!closed) {
                closed = true;
                pause.close();
                socket.close(() -> done.complete(null));
            } else {
                done.complete(null);
            }
        };
        try {
            shard.loop().execute(closing);
        } catch (RejectedExecutionException e) {
            // The loop has ended, and with it whoever else might use the socket.
            closing.run();
        }
        done.completeOnTimeout(null, CLOSE_WAIT_SECONDS, TimeUnit.SECONDS).join();
    }

    /** A pause is over. After a turn of I/O, for java.nio's sake: see {@link WaitingRoom}. */
    private void paused() {
        shard.ingress().nextTurn(acceptOn);
    }

    private void acceptOn() {
        int left = ACCEPTS_AT_ONCE;
        try {
            while (!closed && !pause.isPaused()) {
                if (left-- == 0) {
                    shard.ingress().nextTurn(acceptOn);
                    return;
                }
                StreamSocket client = socket.accept();
                if (client == null) {
                    return;
                }
                accepted(client);
            }
        } catch (IOException e) {
            pause.failed(e);
        }
    }

    private void accepted(StreamSocket client) {
        TcpConnection connection = new TcpConnection(shard, spec, admission, client);
        try {
            connection.watch();
            arrived(connection);
        } catch (IOException e) {
            connection.abort(false);
        } catch (RuntimeException e) {
            connection.unexpected(e);
        }
    }

    private void arrived(TcpConnection connection) {
        if (waiting.isEmpty() && budget.tryTake()) {
            connection.holds(budget);
            pause.accepted();
            begin(connection);
        } else {
            pause.pause("as many connections stand as the limit of file descriptors carries");
            waiting.enter(connection);
        }
    }

    /** A client's turn has come in the waiting room. */
    private void admit(TcpConnection connection) {
        connection.holds(budget);
        begin(connection);
        shard.ingress().settle();
    }

    private void begin(TcpConnection connection) {
        ProxyProtocolSettings proxyProtocol = connection.settings().proxyProtocol();
        if (!connection.enter()) {
            connection.refuse(DropReason.CONNECTION_CAP);
        } else if (proxyProtocol.accept() == ProxyProtocolSettings.Version.NONE) {
            connection.open(connection.socketAddresses());
        } else {
            ProxyHeaderReader.install(connection, shard, proxyProtocol);
        }
    }
}
