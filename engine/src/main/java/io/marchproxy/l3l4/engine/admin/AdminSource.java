package io.marchproxy.l3l4.engine.admin;

import io.marchproxy.l3l4.engine.status.StatusReport;
import java.util.Map;
import org.HdrHistogram.Histogram;

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

    /** What the UDP relay counts besides the books: how often, by label, all shards together. */
    Map<String, Long> udpEvents();
}
