package io.marchproxy.l3l4.config.settings;

/**
 * One backend.
 *
 * @param id unique within its service
 * @param host an address, IPv6 without brackets, or a name that the engine resolves
 * @param port 1 to 65,535; 0 for none, as of a gateway
 * @param provider who runs it
 * @param region where, in the provider's words
 * @param costPerGb of bytes that leave it, per 10^9 bytes
 * @param weight its share; 0 for none
 * @param bandwidth of the path to it in bits per second; 0 when it is not known
 * @param priority its tier, the lowest first
 * @param maxConnections connections and sessions at the most, over all shards; 0 for no limit
 * @param enabled whether it gets anything new
 */
public record BackendSettings(
        String id,
        String host,
        int port,
        Provider provider,
        String region,
        double costPerGb,
        double weight,
        long bandwidth,
        int priority,
        int maxConnections,
        boolean enabled) {
    /** Who runs a backend. */
    public enum Provider {
        AWS("aws"),
        GCP("gcp"),
        AZURE("azure"),
        ONPREM("onprem");

        private final String label;

        Provider(String label) {
            this.label = label;
        }

        /** As written in the configuration. */
        public String label() {
            return label;
        }
    }

    public BackendSettings {
        Ranges.check("backend port", port, 0, 65_535);
        if (!(costPerGb >= 0 && costPerGb <= 1_000_000)) {
            throw new IllegalArgumentException("cost-per-gb must be from 0 to 1000000, not " + costPerGb);
        }
        if (!(weight >= 0 && weight <= 1_000_000)) {
            throw new IllegalArgumentException("weight must be from 0 to 1000000, not " + weight);
        }
        Ranges.check("backend max-connections", maxConnections, 0, 100_000_000);
    }

    /** A backend without anything special. */
    public BackendSettings(String id, String host, int port, Provider provider, String region, double costPerGb) {
        this(id, host, port, provider, region, costPerGb, 1, 0, 1, 0, true);
    }

    /** A backend on the premises at no cost. */
    public BackendSettings(String id, String host, int port) {
        this(id, host, port, Provider.ONPREM, "local", 0);
    }
}
