package io.marchproxy.l3l4.config.source;

import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.Map;

/** The older keys and what each has become; for the reference page and for editors. */
public final class LegacyNames {
    /** By name, in the order of the reference proxy. */
    public static final Map<String, String> MEANINGS = meanings();

    private LegacyNames() {}

    private static Map<String, String> meanings() {
        Map<String, String> meanings = new LinkedHashMap<>();
        meanings.put("manager_url", "Older name of manager.url.");
        meanings.put("cluster_api_key", "Older name of manager.cluster-api-key.");
        meanings.put("bind_addr", "Older form of services[].listen: HOST:PORT, for TCP and UDP.");
        meanings.put("metrics_addr", "Older form of admin.address and admin.port: HOST:PORT.");
        meanings.put("enable_numa", "Older name of engine.numa.");
        meanings.put("worker_threads", "Older name of engine.shards; 0 for auto.");
        meanings.put("enable_qos", "Older name of qos.enabled.");
        meanings.put("default_bandwidth", "Older form of services[].rate; only 0 in this version.");
        meanings.put("burst_size", "Older form of services[].burst; only 0 in this version.");
        meanings.put("priority_queue_depth", "Older form of qos.classes.*.queue, for all four classes.");
        meanings.put("dscp_marking", "Older form of qos.classes.*.dscp: a mapping of P0 to P3.");
        meanings.put("enable_multicloud", "Older name of multicloud.enabled.");
        meanings.put("routing_algorithm", "Older name of services[].algorithm; roundrobin is round-robin.");
        meanings.put("health_check_interval", "Older name of services[].health.interval.");
        meanings.put(
                "backends",
                "Older form of services[].backends: name is id, url is address, cloud is provider, cost is cost-per-gb;"
                        + " an equal timeout of all is connect.timeout.");
        meanings.put("enable_tracing", "Older name of observability.tracing.enabled.");
        meanings.put("jaeger_endpoint", "Older name of observability.tracing.endpoint.");
        meanings.put("trace_sample_rate", "Older name of observability.tracing.sample-ratio.");
        meanings.put("metrics_namespace", "The prefix of metrics; only marchproxy.");
        meanings.put("log_level", "Older name of log-level.");
        return Collections.unmodifiableMap(meanings);
    }
}
