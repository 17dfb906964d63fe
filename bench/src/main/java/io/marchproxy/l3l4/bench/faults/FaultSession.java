package io.marchproxy.l3l4.bench.faults;

import java.io.IOException;
import java.util.List;
import java.util.SplittableRandom;
import java.util.concurrent.TimeUnit;

/** One fault after the other, each of them in its own moment of the proxy's probes. */
final class FaultSession {
    private static final int ANSWERS_BEFORE = 30;
    private static final long SPREAD_MS = 400;
    private static final long LONGEST_NS = Recovery.NEVER;
    private static final long LOOK_MS = 10;

    private final FaultStand stand;
    private final SplittableRandom random;

    /**
     * A session.
     *
     * @param random draws the moments
     */
    FaultSession(FaultStand stand, SplittableRandom random) {
        this.stand = stand;
        this.random = random;
    }

    /** Has a backend fail once, and watches its clients until they are served as before. */
    Recovery once(FaultKind kind) throws IOException, InterruptedException {
        stand.renew();
        try (Requests requests =
                kind.datagrams() ? new UdpRequests(FaultStand.PROXY) : new TcpRequests(FaultStand.PROXY)) {
            await(requests);
            TimeUnit.MILLISECONDS.sleep(random.nextLong(SPREAD_MS));
            long faultNs = System.nanoTime();
            stand.fail(kind);
            long thereNs = System.nanoTime();
            List<Request> all = requests.soFar();
            while (!Recovery.isOver(all, faultNs, FaultStand.OTHER) && System.nanoTime() - faultNs < LONGEST_NS) {
                TimeUnit.MILLISECONDS.sleep(LOOK_MS);
                all = requests.soFar();
            }
            return Recovery.of(all, faultNs, thereNs, FaultStand.OTHER);
        } finally {
            stand.repair(kind);
        }
    }

    private void await(Requests requests) throws IOException, InterruptedException {
        long startNs = System.nanoTime();
        while (requests.soFar().stream()
                        .filter(request -> request.by().equals(FaultStand.FAILING))
                        .count()
                < ANSWERS_BEFORE) {
            if (System.nanoTime() - startNs > LONGEST_NS) {
                throw new IOException("the first backend does not serve clients: " + stand.lastLines());
            }
            TimeUnit.MILLISECONDS.sleep(LOOK_MS);
        }
    }
}
