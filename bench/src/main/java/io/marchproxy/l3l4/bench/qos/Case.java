package io.marchproxy.l3l4.bench.qos;

import io.marchproxy.l3l4.stages.packet.Direction;
import java.util.ArrayList;
import java.util.List;

/**
 * What is measured: all of one protocol, one way, held to one rate.
 *
 * @param mbits rate in Mbit/s
 * @param index of the rate among those that are measured
 */
record Case(Protocol protocol, Direction direction, int mbits, int index) {
    private static final long BITS = 1_000_000;
    private static final long LEAST_BURST = 4_096;
    private static final long MOST_BURST = 1 << 20;

    /** Bits of 4 ms to a byte. */
    private static final long BURST_DIVISOR = 8 * 250;

    enum Protocol {
        TCP,
        UDP;

        String key() {
            return this == TCP ? "tcp" : "udp";
        }
    }

    /** All of them. */
    static List<Case> all(List<Integer> rates) {
        List<Case> cases = new ArrayList<>();
        for (Protocol protocol : Protocol.values()) {
            for (Direction direction : Direction.values()) {
                for (int i = 0; i < rates.size(); i++) {
                    cases.add(new Case(protocol, direction, rates.get(i), i));
                }
            }
        }
        return cases;
    }

    /** As {@code --only} has it: all its rates. */
    String key() {
        return protocol.key() + "-" + (isToBackend() ? "to-backend" : "to-client");
    }

    boolean isToBackend() {
        return direction == Direction.TO_BACKEND;
    }

    long rate() {
        return mbits * BITS;
    }

    /** What 4 ms bring, but no less than two frames and a little: alike for all. */
    long burstBytes() {
        return Math.clamp(rate() / BURST_DIVISOR, LEAST_BURST, MOST_BURST);
    }

    /** Where the service with the rate listens. */
    int proxyPort() {
        return (protocol == Protocol.TCP ? 8_100 : 8_200) + index;
    }

    /** Where the backend listens that is this rate's alone: what another held back may still come. */
    int backendPort() {
        return (protocol == Protocol.TCP ? 8_300 : 8_400) + index;
    }
}
