package io.marchproxy.l3l4.engine.admin;

import io.marchproxy.l3l4.engine.explain.Explanation;
import io.marchproxy.l3l4.engine.explain.Tuple;
import io.marchproxy.l3l4.engine.status.StatusReport;
import java.util.Map;
import org.HdrHistogram.Histogram;
import org.jspecify.annotations.Nullable;

/** What the admin server asks the service. Every method may be called from any thread, and answers within milliseconds. */
public interface AdminSource {
    StatusReport status();

    /** Residence times since the start, in nanoseconds. */
    Histogram residence();

    /** Whether the loops turn. */
    boolean live();

    /** Whether new connections are welcome. */
    boolean ready();

    /**
     * Has a backend take no new traffic, or take some again.
     *
     * @param service name of a service, of which both protocols are meant
     * @return false when there is no such backend
     */
    boolean drain(String service, String backend, boolean wanted);

    /** How each configured service chooses its backends, by the service's name. */
    Map<String, String> algorithms();

    /**
     * Why a flow would go where it would go, by what a shard knows.
     *
     * @param service its name, or null for the one that listens at the destination
     * @param shard that is asked
     * @return null when there is no such service or shard
     */
    @Nullable
    Explanation explain(Tuple flow, @Nullable String service, int shard);

    /** What the UDP relay counts besides the books: how often, by label, all shards together. */
    Map<String, Long> udpEvents();
}
