package io.marchproxy.l3l4.engine.cli;

import io.marchproxy.l3l4.config.source.Overrides;
import io.marchproxy.l3l4.config.source.Setting;
import java.nio.file.Path;
import java.util.List;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;

/**
 * The flags that say something of the configuration, taken as text: whether a text makes sense is decided where the file's
 * values are judged too, so that all faults come together and in the same words.
 */
final class ConfigFlags {
    private static final String ON_OR_OFF = "true|false";

    private Overrides overrides = Overrides.none();

    @Option(
            order = 1,
            names = {"-c", "--config"},
            paramLabel = "FILE",
            description = "The configuration, as YAML. Without one, --backend and the flags must suffice.")
    private @Nullable Path file;

    @Option(
            order = 2,
            names = "--data-dir",
            paramLabel = "DIR",
            description = "Folder for what the service keeps (./data).")
    void dataDir(String value) {
        set(Setting.DATA_DIR, value);
    }

    @Option(
            order = 3,
            names = "--backend",
            paramLabel = "HOST:PORT",
            description = "A backend of the one service; repeatable. For a run without a file.")
    private List<String> backends = List.of();

    @Option(
            order = 4,
            names = "--listen-port",
            paramLabel = "PORT",
            description = "Port of the one service (8080). LISTEN_PORT.")
    void listenPort(String value) {
        set(Setting.LISTEN_PORT, value);
    }

    @Option(
            order = 5,
            names = "--admin-port",
            paramLabel = "PORT",
            description = "Port of the admin server (8081). ADMIN_PORT.")
    void adminPort(String value) {
        set(Setting.ADMIN_PORT, value);
    }

    @Option(
            order = 6,
            names = "--log-level",
            paramLabel = "LEVEL",
            description = "trace, debug, info, warn or error (info). LOG_LEVEL.")
    void logLevel(String value) {
        set(Setting.LOG_LEVEL, value);
    }

    @Option(order = 7, names = "--manager-url", paramLabel = "URL", description = "Where the manager is. MANAGER_URL.")
    void managerUrl(String value) {
        set(Setting.MANAGER_URL, value);
    }

    @Option(
            order = 8,
            names = "--cluster-api-key",
            paramLabel = "KEY",
            description = "The key by which the manager knows its cluster; ps shows flags, but not CLUSTER_API_KEY.")
    void clusterApiKey(String value) {
        set(Setting.CLUSTER_API_KEY, value);
    }

    @Option(
            order = 9,
            names = "--enable-qos",
            arity = "0..1",
            fallbackValue = "true",
            paramLabel = ON_OR_OFF,
            description = "Whether classes and code points are in force. ENABLE_QOS.")
    void enableQos(String value) {
        set(Setting.ENABLE_QOS, value);
    }

    @Option(
            order = 10,
            names = "--enable-multicloud",
            arity = "0..1",
            fallbackValue = "true",
            paramLabel = ON_OR_OFF,
            description = "Whether backends are chosen by cloud. ENABLE_MULTICLOUD.")
    void enableMulticloud(String value) {
        set(Setting.ENABLE_MULTICLOUD, value);
    }

    @Option(
            order = 11,
            names = "--enable-otel",
            arity = "0..1",
            fallbackValue = "true",
            paramLabel = ON_OR_OFF,
            description = "Whether traces are exported. ENABLE_OTEL.")
    void enableOtel(String value) {
        set(Setting.ENABLE_OTEL, value);
    }

    @Option(
            order = 12,
            names = "--numa-optimization",
            arity = "0..1",
            fallbackValue = "true",
            paramLabel = ON_OR_OFF,
            description = "Whether shards are placed by NUMA node. NUMA_OPTIMIZATION.")
    void numaOptimization(String value) {
        set(Setting.NUMA_OPTIMIZATION, value);
    }

    private void set(Setting setting, String value) {
        overrides = overrides.with(setting, value);
    }

    @Nullable
    Path file() {
        return file;
    }

    Overrides overrides() {
        Overrides all = overrides;
        for (String backend : backends) {
            all = all.with(Setting.BACKEND, backend);
        }
        return all;
    }
}
