package io.marchproxy.l3l4.engine.state;

import java.nio.charset.StandardCharsets;

/**
 * What services and backends are called in files: 64 bits of a hash of their configured names, since the numbers that shards use
 * follow the order of a configuration and are others after a restart. Two of a thousand names have the same with a probability of
 * 3 × 10⁻¹⁴.
 */
final class StableIds {
    /** Of a backend that is not known. */
    static final long NONE = 0;

    private static final long FNV_OFFSET = 0xcbf29ce484222325L;
    private static final long FNV_PRIME = 0x100000001b3L;

    private StableIds() {}

    /** A service's. */
    static long service(String name) {
        return hash(name);
    }

    /** A backend's, which is one of its service. */
    static long backend(String service, String id) {
        return hash(service + '\0' + id);
    }

    /** FNV-1a, whose high bits the finalizer of SplitMix64 improves. */
    private static long hash(String text) {
        long hash = FNV_OFFSET;
        for (byte each : text.getBytes(StandardCharsets.UTF_8)) {
            hash = (hash ^ (each & 0xff)) * FNV_PRIME;
        }
        hash = (hash ^ (hash >>> 30)) * 0xbf58476d1ce4e5b9L;
        hash = (hash ^ (hash >>> 27)) * 0x94d049bb133111ebL;
        hash ^= hash >>> 31;
        return hash == NONE ? 1 : hash;
    }
}
