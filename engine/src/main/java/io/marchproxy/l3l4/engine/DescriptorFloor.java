package io.marchproxy.l3l4.engine;

import io.marchproxy.l3l4.engine.sys.DescriptorLimit;
import java.io.IOException;

/**
 * The least limit of file descriptors with which it makes sense to start. Below it not even the service's classes come up,
 * each failing in a way of its own; a limit that is merely low is the relay's business.
 */
public final class DescriptorFloor {
    private static final int LEAST = 64;

    private DescriptorFloor() {}

    /**
     * Returns when the limit suffices, or is not known. To be called before anything else is loaded.
     *
     * @throws StartupException when it does not
     */
    public static void require() throws StartupException {
        long limit;
        try {
            limit = DescriptorLimit.ofThisProcess();
        } catch (IOException _) {
            return;
        }
        if (limit < LEAST) {
            throw new StartupException("the limit of file descriptors is " + limit + ", and it takes " + LEAST
                    + " at the least: raise it with ulimit -n, or LimitNOFILE= in a unit of systemd");
        }
    }
}
