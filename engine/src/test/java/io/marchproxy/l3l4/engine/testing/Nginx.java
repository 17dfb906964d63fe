package io.marchproxy.l3l4.engine.testing;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Comparator;
import java.util.List;
import java.util.stream.Stream;
import org.opentest4j.AssertionFailedError;

/** A real nginx that answers HTTP on 127.0.0.1 and on ::1. */
public final class Nginx implements AutoCloseable {

    private final Path folder;
    private final int port;
    private final RealProgram.Running process;

    private Nginx(Path folder, int port, RealProgram.Running process) {
        this.folder = folder;
        this.port = port;
        this.process = process;
    }

    /** Answers every path with the text, which may use nginx's variables. */
    public static Nginx answering(String text) {
        return start("", "return 200 '" + text + "';");
    }

    /** Expects the PROXY protocol, and answers with the client's address that it tells. */
    public static Nginx expectingProxyProtocol() {
        return start("proxy_protocol", "return 200 '$proxy_protocol_addr $proxy_protocol_port';");
    }

    private static Nginx start(String listenOptions, String location) {
        try {
            Path folder = Files.createTempDirectory("pl34-nginx-");
            int port = Ports.free();
            Files.writeString(folder.resolve("nginx.conf"), configuration(folder, port, listenOptions, location));
            RealProgram.Running running = RealProgram.of(
                            "nginx",
                            "-p",
                            folder.toString(),
                            "-e",
                            "stderr",
                            "-c",
                            folder.resolve("nginx.conf").toString())
                    .start();
            Nginx nginx = new Nginx(folder, port, running);
            nginx.awaitListening();
            return nginx;
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static String configuration(Path folder, int port, String listenOptions, String location) {
        String user = Machine.isRoot() ? "user root;" : "";
        return """
                daemon off;
                %1$s
                worker_processes 1;
                pid %2$s/nginx.pid;
                error_log stderr crit;
                worker_rlimit_nofile 16384;
                events { worker_connections 8192; }
                http {
                  access_log off;
                  keepalive_requests 100000000;
                  client_body_temp_path %2$s/body;
                  proxy_temp_path %2$s/proxy;
                  fastcgi_temp_path %2$s/fastcgi;
                  uwsgi_temp_path %2$s/uwsgi;
                  scgi_temp_path %2$s/scgi;
                  server {
                    listen 127.0.0.1:%3$d backlog=4096 %4$s;
                    listen [::1]:%3$d backlog=4096 %4$s;
                    default_type text/plain;
                    location / { %5$s }
                  }
                }
                """.formatted(user, folder, port, listenOptions, location);
    }

    private void awaitListening() {
        Await.until("nginx listens", Duration.ofSeconds(30), () -> {
            if (!process.isAlive()) {
                throw new AssertionFailedError("nginx ended: " + process.err());
            }
            try (Socket probe = new Socket()) {
                probe.connect(new InetSocketAddress(InetAddress.getLoopbackAddress(), port), 1_000);
                return true;
            }
        });
    }

    public int port() {
        return port;
    }

    /** Stops as a frozen process does: the kernel still accepts its connections, nobody answers. */
    public void freeze() {
        signalAll("STOP");
    }

    /** Goes on. */
    public void thaw() {
        signalAll("CONT");
    }

    private void signalAll(String name) {
        process.handle()
                .descendants()
                .forEach(worker -> RealProgram.of("kill", "-" + name, Long.toString(worker.pid()))
                        .runOrFail());
        process.signal(name);
    }

    /** Dies without a word, as a crash does. */
    public void kill() {
        process.kill();
    }

    @Override
    public void close() {
        process.close();
        try (Stream<Path> files = Files.walk(folder)) {
            List<Path> deepestFirst = files.sorted(Comparator.reverseOrder()).toList();
            for (Path file : deepestFirst) {
                Files.deleteIfExists(file);
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
