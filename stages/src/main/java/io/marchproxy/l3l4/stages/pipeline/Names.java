package io.marchproxy.l3l4.stages.pipeline;

import java.util.List;

/**
 * What the numbers of a snapshot stand for. No stage looks at it, and no decision depends on it: it is recorded with the
 * snapshot, so that whoever reads a journal can say which backend number 7 was, what it cost, and where it would be found in
 * another configuration.
 *
 * @param backends of the services in force, by number
 * @param listeners of the services in force, by number
 */
public record Names(List<Backend> backends, List<Listener> listeners) {
    /** Nothing is known by name. */
    public static final Names NONE = new Names(List.of(), List.of());

    public Names {
        backends = List.copyOf(backends);
        listeners = List.copyOf(listeners);
    }

    /**
     * A backend.
     *
     * @param number engine-wide, as packets are routed to it
     * @param service number of the pipeline service that it is of
     * @param id as configured, unique within its service
     * @param host as configured: an address or a name
     * @param provider who runs it, as configured
     * @param region as configured
     * @param costPerGb of bytes that leave it, per 10^9 bytes
     */
    public record Backend(
            int number,
            int service,
            String id,
            String host,
            int port,
            String provider,
            String region,
            double costPerGb) {}

    /**
     * An address that a service listens on.
     *
     * @param number engine-wide, as descriptors carry it
     * @param service number of the pipeline service that it is of
     * @param host as configured; {@code localhost} as the address that it stands for
     * @param port 0 for any that was free
     */
    public record Listener(int number, int service, String host, int port) {
        /** Whether another, of whatever configuration, is this address; one whose port is any is none that can be told. */
        public boolean isAt(Listener other) {
            return port != 0 && port == other.port && host.equals(other.host);
        }
    }
}
