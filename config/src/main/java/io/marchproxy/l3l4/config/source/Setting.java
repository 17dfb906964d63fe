package io.marchproxy.l3l4.config.source;

import org.jspecify.annotations.Nullable;

/** What may be said by flag or environment variable. */
public enum Setting {
    MANAGER_URL("--manager-url", "MANAGER_URL", "manager.url"),
    CLUSTER_API_KEY("--cluster-api-key", "CLUSTER_API_KEY", "manager.cluster-api-key"),
    /** Port of the one service: with several in the file it is refused. */
    LISTEN_PORT("--listen-port", "LISTEN_PORT", null),
    ADMIN_PORT("--admin-port", "ADMIN_PORT", "admin.port"),
    LOG_LEVEL("--log-level", "LOG_LEVEL", "log-level"),
    ENABLE_QOS("--enable-qos", "ENABLE_QOS", "qos.enabled"),
    ENABLE_MULTICLOUD("--enable-multicloud", "ENABLE_MULTICLOUD", "multicloud.enabled"),
    ENABLE_OTEL("--enable-otel", "ENABLE_OTEL", "observability.tracing.enabled"),
    NUMA_OPTIMIZATION("--numa-optimization", "NUMA_OPTIMIZATION", "engine.numa"),
    JAEGER_ENDPOINT(null, "JAEGER_ENDPOINT", null),
    DATA_DIR("--data-dir", null, "data-dir"),
    /** HOST:PORT, repeatable: the backends of the one service. */
    BACKEND("--backend", null, null);

    private final @Nullable String flag;
    private final @Nullable String variable;
    private final @Nullable String path;

    Setting(@Nullable String flag, @Nullable String variable, @Nullable String path) {
        this.flag = flag;
        this.variable = variable;
        this.path = path;
    }

    /** The flag with its dashes, or null. */
    public @Nullable String flag() {
        return flag;
    }

    /** The environment variable, or null. */
    public @Nullable String variable() {
        return variable;
    }

    /** The key that it stands for, or null when it is not one key. */
    public @Nullable String path() {
        return path;
    }
}
