package io.marchproxy.l3l4.config.settings;

import java.nio.file.Path;
import java.util.List;

/**
 * The whole configuration, in force or a candidate.
 *
 * @param hash of the effective configuration, secrets left out, in hex
 */
public record ProxySettings(
        Path dataDir,
        AdminSettings admin,
        EngineSettings engine,
        QosSettings qos,
        List<ServiceSettings> services,
        LogLevel logLevel,
        LatencySettings latency,
        MulticloudSettings multicloud,
        String hash) {

    /** How much is logged. */
    public enum LogLevel {
        TRACE,
        DEBUG,
        INFO,
        WARN,
        ERROR
    }

    public ProxySettings {
        services = List.copyOf(services);
    }

    /** Settings that log no latencies. */
    public ProxySettings(
            Path dataDir,
            AdminSettings admin,
            EngineSettings engine,
            QosSettings qos,
            List<ServiceSettings> services,
            LogLevel logLevel,
            String hash) {
        this(dataDir, admin, engine, qos, services, logLevel, LatencySettings.DEFAULT, hash);
    }

    /** Settings that say nothing of clouds. */
    public ProxySettings(
            Path dataDir,
            AdminSettings admin,
            EngineSettings engine,
            QosSettings qos,
            List<ServiceSettings> services,
            LogLevel logLevel,
            LatencySettings latency,
            String hash) {
        this(dataDir, admin, engine, qos, services, logLevel, latency, MulticloudSettings.DEFAULT, hash);
    }
}
