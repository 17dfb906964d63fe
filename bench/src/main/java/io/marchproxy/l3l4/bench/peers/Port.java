package io.marchproxy.l3l4.bench.peers;

/** Ports within the namespace: each purpose has a hundred, in which each peer has one and the backend the first. */
enum Port {
    WEB(8_100),
    BULK(8_200),
    FLOOD(8_300),
    TRAINS(8_400),
    LATENCY(8_500),
    IDLE(8_600),
    ADMIN(8_700);

    private final int first;

    Port(int first) {
        this.first = first;
    }

    /** Where a peer listens; for {@link Peer#DIRECT}, the backend. */
    int of(Peer peer) {
        return first + peer.ordinal();
    }

    int backend() {
        return of(Peer.DIRECT);
    }
}
