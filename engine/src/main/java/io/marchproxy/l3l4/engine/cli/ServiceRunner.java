package io.marchproxy.l3l4.engine.cli;

import io.marchproxy.l3l4.config.settings.ProxySettings;
import io.marchproxy.l3l4.engine.ProxyService;
import io.marchproxy.l3l4.engine.ReloadException;
import io.marchproxy.l3l4.engine.StartupException;
import io.marchproxy.l3l4.engine.admin.AdminServer;
import java.io.IOException;
import java.nio.file.Path;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.atomic.AtomicBoolean;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The life of the service from start to exit: it starts, then does what signals and the configuration's file ask for, one
 * thing after the other on the calling thread.
 */
final class ServiceRunner {
    private static final Logger LOG = LoggerFactory.getLogger(ServiceRunner.class);

    /** What a shell reports for a process that SIGINT or SIGTERM ended. */
    private static final int SIGNALLED = 128;

    private static final int SIGINT = 2;
    private static final int SIGTERM = 15;

    private final ConfigurationSource source;
    private final SystemdNotifier systemd;
    private final BlockingQueue<Request> requests = new LinkedBlockingQueue<>();
    private final AtomicBoolean stopping = new AtomicBoolean();

    /** What a signal tells at once that the service is to stop, while this thread may wait for a name server. */
    private volatile @Nullable ProxyService running;

    /** What the file said when it was last read, so that a signal and a change that come together count once. */
    private String lastDigest = "";

    ServiceRunner(ConfigurationSource source, SystemdNotifier systemd) {
        this.source = source;
        this.systemd = systemd;
    }

    private sealed interface Request {
        record Hangup() implements Request {}

        record FileChanged(String digest) implements Request {}

        record Stop(String signal) implements Request {}
    }

    /**
     * Runs until a signal ends it.
     *
     * @throws StartupException when it cannot start as configured
     * @throws IOException when the admin server cannot
     */
    void run() throws FaultsException, StartupException, IOException, InterruptedException {
        long beganNs = System.nanoTime();
        // A reload that is asked for before the service stands happens once it does; untold, SIGHUP would end the
        // process.
        Signals.handle("HUP", () -> requests.add(new Request.Hangup()));
        ConfigurationSource.Reading first = source.read();
        ProxySettings settings = first.settings();
        lastDigest = first.digest();
        Logging.level(settings.logLevel().name());
        Signals.handle("TERM", () -> stop("SIGTERM", SIGTERM));
        Signals.handle("INT", () -> stop("SIGINT", SIGINT));
        // The admin server comes first: no client is accepted by a service that then cannot start, and whoever asks
        // whether it is ready has an answer.
        try (FileWatch _ = watch(first);
                AdminServer admin = AdminServer.start(settings.admin());
                ProxyService service = ProxyService.start(settings)) {
            running = service;
            admin.serve(new AdminView(service));
            Announcement.started(service, admin, System.nanoTime() - beganNs);
            CompilersGiveWay.now();
            systemd.ready(Announcement.oneLine(service.settings()));
            systemd.watch(service::live);
            serve(service);
            drain(service);
            // Before the shards, which could not answer its questions any more.
            admin.stop();
        }
    }

    private @Nullable FileWatch watch(ConfigurationSource.Reading first) {
        Path file = source.file();
        if (file == null || !first.repeatable()) {
            return null;
        }
        try {
            return FileWatch.start(file, lastDigest, digest -> requests.add(new Request.FileChanged(digest)));
        } catch (IOException e) {
            LOG.warn("{} is not watched for changes ({}); SIGHUP reloads it", file, e.getMessage());
            return null;
        }
    }

    private void stop(String name, int number) {
        if (stopping.getAndSet(true)) {
            LOG.warn("{} again: ending at once", name);
            Runtime.getRuntime().halt(SIGNALLED + number);
        }
        requests.add(new Request.Stop(name));
        ProxyService service = running;
        if (service != null) {
            service.announceStop();
        }
    }

    private void serve(ProxyService service) throws InterruptedException {
        while (true) {
            switch (requests.take()) {
                case Request.Hangup _ -> reload(service, "SIGHUP");
                case Request.FileChanged changed -> {
                    if (!changed.digest().equals(lastDigest)) {
                        reload(service, source.file() + " has changed");
                    }
                }
                case Request.Stop stop -> {
                    LOG.info(
                            "{}: draining, {} at the most",
                            stop.signal(),
                            Announcement.duration(service.settings().engine().drainTimeout()));
                    return;
                }
            }
        }
    }

    private void reload(ProxyService service, String why) {
        Path file = source.file();
        if (file == null) {
            LOG.info("{}: there is no file to reload from", why);
            return;
        }
        systemd.reloading();
        ConfigurationSource.Reading reading = source.readAgain(file);
        lastDigest = reading.digest();
        try {
            ProxySettings settings = reading.settings();
            service.reload(settings);
            Logging.level(settings.logLevel().name());
            LOG.info("{}: reloaded, {}", why, Announcement.oneLine(settings));
        } catch (FaultsException e) {
            service.reloadRefused();
            e.lines().forEach(LOG::error);
            LOG.error("{}: refused, the configuration before stays in force", why);
        } catch (ReloadException e) {
            LOG.error("{}: refused, the configuration before stays in force: {}", why, e.getMessage());
        } catch (RuntimeException e) {
            // Whatever went wrong with a new configuration, the service that runs is worth more.
            service.reloadRefused();
            LOG.error("{}: failed unexpectedly", why, e);
        }
        systemd.ready(Announcement.oneLine(service.settings()));
    }

    private void drain(ProxyService service) throws InterruptedException {
        systemd.stopping();
        service.drain(service.settings().engine().drainTimeout());
        LOG.info("drained; the end");
    }
}
