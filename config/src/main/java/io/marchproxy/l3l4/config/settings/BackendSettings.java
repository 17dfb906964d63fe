package io.marchproxy.l3l4.config.settings;

/**
 * One backend.
 *
 * @param id unique within its service
 * @param host an address, IPv6 without brackets, or a name that the engine resolves
 * @param provider who runs it
 * @param region where, in the provider's words
 * @param costPerGb of bytes that leave it, per 10^9 bytes
 */
public record BackendSettings(String id, String host, int port, Provider provider, String region, double costPerGb) {
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
        Ranges.check("backend port", port, 1, 65_535);
        if (!(costPerGb >= 0 && costPerGb <= 1_000_000)) {
            throw new IllegalArgumentException("cost-per-gb must be from 0 to 1000000, not " + costPerGb);
        }
    }

    /** A backend on the premises at no cost. */
    public BackendSettings(String id, String host, int port) {
        this(id, host, port, Provider.ONPREM, "local", 0);
    }
}
