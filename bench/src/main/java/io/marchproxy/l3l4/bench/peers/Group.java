package io.marchproxy.l3l4.bench.peers;

import java.util.List;
import java.util.Locale;

/** Kinds of measurement that {@code --only} selects. */
enum Group {
    TCP,
    WRK,
    UDP,
    IDLE;

    /** Who takes part. haproxy carries no UDP; for small answers and for idle connections the larger buffers change nothing. */
    List<Peer> peers() {
        return switch (this) {
            case TCP -> List.of(Peer.values());
            case WRK ->
                List.of(
                        Peer.DIRECT,
                        Peer.NGINX,
                        Peer.HAPROXY,
                        Peer.OURS,
                        Peer.OURS_SPIN,
                        Peer.OURS_FLOWS,
                        Peer.OURS_PACKETS);
            case UDP ->
                List.of(
                        Peer.DIRECT,
                        Peer.NGINX,
                        Peer.OURS,
                        Peer.OURS_SPIN,
                        Peer.OURS_BARE,
                        Peer.OURS_FLOWS,
                        Peer.OURS_PACKETS);
            case IDLE -> List.of(Peer.NGINX, Peer.HAPROXY, Peer.OURS);
        };
    }

    String key() {
        return name().toLowerCase(Locale.ROOT);
    }
}
