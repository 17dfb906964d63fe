package io.marchproxy.l3l4.bench.peers;

import java.nio.file.Path;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * The configuration files. What all have alike: one thread for traffic, a backlog of 4096, TCP_NODELAY, no log of accesses,
 * receive buffers of 4 MiB for UDP, and time-outs longer than any measurement. nginx' {@code proxy_responses} is left out:
 * with it, nginx opens a socket per datagram.
 *
 * @param folder for what the programs write
 * @param connections that a proxy must be able to hold
 */
record Configurations(Path folder, int connections) {
    private static final int SPARE = 512;

    /** nginx as the backend of wrk. */
    String webBackend() {
        return nginxHead("backend", SPARE) + """
                http { access_log off; keepalive_requests 1000000000;
                  server { listen 127.0.0.1:%d backlog=4096; location / { return 200 'a small answer'; } } }
                """.formatted(Port.WEB.backend());
    }

    /** nginx as a proxy. */
    String nginx(Peer peer) {
        String servers = Stream.of(Port.WEB, Port.BULK, Port.IDLE)
                        .map(port -> nginxServer(port, peer, "backlog=4096"))
                        .collect(Collectors.joining())
                + Stream.of(Port.FLOOD, Port.TRAINS, Port.LATENCY)
                        .map(port -> nginxServer(port, peer, "udp rcvbuf=4m"))
                        .collect(Collectors.joining());
        return nginxHead(peer.key(), 2 * connections + SPARE)
                + "stream { proxy_buffer_size " + (peer == Peer.NGINX_64K ? "64k" : "16k")
                + "; tcp_nodelay on; proxy_timeout 10m;\n" + servers + "}\n";
    }

    private static String nginxServer(Port port, Peer peer, String options) {
        return "  server { listen 127.0.0.1:%d %s; proxy_pass 127.0.0.1:%d; }%n"
                .formatted(port.of(peer), options, port.backend());
    }

    private String nginxHead(String name, int workerConnections) {
        return """
                load_module /usr/lib/nginx/modules/ngx_stream_module.so;
                daemon off; user root; worker_processes 1; pid %s/%s.pid; error_log stderr crit;
                worker_rlimit_nofile %d;
                events { worker_connections %d; }
                """.formatted(folder, name, Math.max(1024, workerConnections), workerConnections);
    }

    /** haproxy, which carries TCP alone. */
    String haproxy(Peer peer) {
        return """
                global
                  nbthread 1
                  maxconn %d
                  tune.bufsize %d
                defaults
                  mode tcp
                  timeout connect 5s
                  timeout client 10m
                  timeout server 10m
                """.formatted(connections + 100, peer == Peer.HAPROXY_64K ? 65_536 : 16_384)
                + Stream.of(Port.WEB, Port.BULK, Port.IDLE)
                        .map(port -> """
                                listen %s
                                  bind 127.0.0.1:%d backlog 4096
                                  server b 127.0.0.1:%d
                                """.formatted(port, port.of(peer), port.backend()))
                        .collect(Collectors.joining());
    }

    /**
     * Ours with its defaults: five stages with QoS, rules of which the last decides, code points set. Bare, it has neither
     * rules nor marking: what classify, route and trace do for a relay to work at all remains.
     *
     * @param spin value of engine.spin, or an empty text for none
     */
    String ours(Peer peer, String spin) {
        String services = Stream.of(Port.WEB, Port.BULK, Port.IDLE)
                        .map(port -> service(port, peer, "tcp", "backlog: 4096, idle-timeout: 10m"))
                        .collect(Collectors.joining())
                + Stream.of(Port.FLOOD, Port.TRAINS, Port.LATENCY)
                        .map(port -> service(port, peer, "udp", "session-timeout: 10m"))
                        .collect(Collectors.joining());
        return """
                data-dir: %s/%s
                log-level: warn
                admin: { address: 127.0.0.1, port: %d }
                engine: { shards: 1%s%s }
                """.formatted(
                                folder,
                                peer.key(),
                                Port.ADMIN.of(peer),
                                spin.isEmpty() ? "" : ", pin-threads: true, spin: " + spin,
                                journal(peer))
                + (peer == Peer.OURS_BARE ? "qos: { enabled: false }\n" : QOS) + "services:\n" + services;
    }

    /** Said of those alone that have one, so that older versions can be measured too. */
    private static String journal(Peer peer) {
        return switch (peer) {
            case OURS_FLOWS -> ", journal: { mode: flows, max-size: 1GB }";
            case OURS_PACKETS -> ", journal: { mode: packets, max-size: 1GB }";
            default -> "";
        };
    }

    private static final String QOS = """
            qos:
              enabled: true
              rules:
                - { match: { source: 10.0.0.0/8 }, class: P3 }
                - { match: { protocol: udp, destination-port: 53 }, class: P0 }
                - { match: { protocol: tcp, dscp: CS1 }, class: P3 }
                - { match: { protocol: udp, source: 127.0.0.0/8 }, class: P0 }
                - { match: { protocol: tcp, source: 127.0.0.0/8 }, class: P1 }
            """;

    private static String service(Port port, Peer peer, String protocol, String options) {
        return "  - { name: %s, listen: \"%s://127.0.0.1:%d\", %s, health: { protocol: none },%n"
                        .formatted(port, protocol, port.of(peer), options)
                + "      backends: [ { id: b, address: \"127.0.0.1:%d\" } ] }%n".formatted(port.backend());
    }
}
