package io.marchproxy.l3l4.config.settings;

/**
 * Where the admin server listens.
 *
 * @param port 0 to 65,535; 0 takes a free one
 */
public record AdminSettings(String address, int port) {
    public static final AdminSettings DEFAULT = new AdminSettings("127.0.0.1", 8081);

    public AdminSettings {
        Ranges.check("admin.port", port, 0, 65_535);
    }
}
