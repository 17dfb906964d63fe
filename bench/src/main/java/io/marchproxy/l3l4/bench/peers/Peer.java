package io.marchproxy.l3l4.bench.peers;

import java.util.Locale;

/** What is compared: proxies and their variants, and the way without one. */
enum Peer {
    /** The load straight to the backend: the ceiling of what a proxy between them can show. */
    DIRECT("direct"),
    NGINX("nginx"),
    NGINX_64K("nginx 64k"),
    HAPROXY("haproxy 16k"),
    HAPROXY_64K("haproxy 64k"),
    OURS("ours"),
    OURS_SPIN("ours, spinning"),
    OURS_BARE("ours, stages bare"),
    OURS_FLOWS("ours, journal: flows"),
    OURS_PACKETS("ours, journal: packets");

    private final String label;

    Peer(String label) {
        this.label = label;
    }

    /** What tables call it. */
    String label() {
        return label;
    }

    /** What result files call it. */
    String key() {
        return name().toLowerCase(Locale.ROOT).replace('_', '-');
    }

    boolean isOurs() {
        return switch (this) {
            case DIRECT, NGINX, NGINX_64K, HAPROXY, HAPROXY_64K -> false;
            case OURS, OURS_SPIN, OURS_BARE, OURS_FLOWS, OURS_PACKETS -> true;
        };
    }

    static Peer of(String key) {
        for (Peer peer : values()) {
            if (peer.key().equals(key)) {
                return peer;
            }
        }
        throw new IllegalArgumentException("no peer is called " + key);
    }
}
