package io.marchproxy.l3l4.bench.peers;

import java.util.Locale;

/** A figure: its unit, and whether more of it is better. */
enum Metric {
    GBITS("Gbit/s", true),
    PROXY_CPU_PER_GB("CPU s per GB, proxy", false),
    MACHINE_CPU_PER_GB("CPU s per GB, whole machine", false),
    RATE("requests/s", true),
    CPU_PER_REQUEST("CPU µs per request, proxy", false),
    FORWARDED("kpps forwarded", true),
    LOSSLESS("kpps without loss (RFC 2544)", true),
    LOST("% lost", false),
    CPU_PER_MILLION("CPU s per million datagrams, proxy", false),
    MACHINE_PER_MILLION("CPU s per million datagrams, whole machine", false),
    P50("µs, median", false),
    P99("µs, 99th percentile", false),
    KB_PER_CONNECTION("kB per connection", false),
    MEGABYTES("MB of the process, connections held", false);

    private final String unit;
    private final boolean moreIsBetter;

    Metric(String unit, boolean moreIsBetter) {
        this.unit = unit;
        this.moreIsBetter = moreIsBetter;
    }

    String unit() {
        return unit;
    }

    boolean moreIsBetter() {
        return moreIsBetter;
    }

    String key() {
        return name().toLowerCase(Locale.ROOT).replace('_', '-');
    }

    static Metric of(String key) {
        return valueOf(key.toUpperCase(Locale.ROOT).replace('-', '_'));
    }
}
