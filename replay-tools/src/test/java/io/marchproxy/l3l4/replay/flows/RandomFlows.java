package io.marchproxy.l3l4.replay.flows;

import java.util.List;
import java.util.SplittableRandom;

/** Flows of few different values, so that conditions meet. */
final class RandomFlows {
    static final List<String> SERVICES = List.of("web", "dns", "or", "a b");
    static final List<String> BACKENDS = List.of("aws-1", "gcp-1", "7");
    static final List<String> ENDS = List.of("closed", "idle", "reset", "open");

    private final SplittableRandom random;

    RandomFlows(long seed) {
        random = new SplittableRandom(seed);
    }

    Flow next() {
        boolean v6 = random.nextInt(4) == 0;
        long startUs = 1_795_702_400_000_000L + random.nextInt(1_000_000);
        long durationNs = random.nextLong(5_000_000_000L);
        int backend = random.nextInt(BACKENDS.size() + 1);
        boolean isNamed = backend < BACKENDS.size();
        return new Flow(
                random.nextInt(2),
                1_795_702_400_000L,
                startUs,
                startUs + durationNs / 1_000,
                durationNs,
                random.nextBoolean() ? 6 : 17,
                address(v6),
                address(v6),
                SERVICES.get(random.nextInt(SERVICES.size())),
                random.nextInt(4),
                random.nextBoolean() ? null : random.nextInt(64),
                random.nextBoolean() ? null : 1 + random.nextInt(3),
                isNamed ? BACKENDS.get(backend) : null,
                isNamed ? "aws" : null,
                isNamed ? "us-east-1" : null,
                random.nextInt(10),
                random.nextLong(2_000_000),
                random.nextInt(10),
                random.nextLong(2_000_000),
                random.nextInt(3),
                ENDS.get(random.nextInt(ENDS.size())));
    }

    private Address address(boolean v6) {
        int port = random.nextInt(6) * 1_000;
        return v6
                ? new Address(6, 0x2001_0db8_0000_0000L | random.nextInt(2), random.nextInt(3), port)
                : new Address(4, 0, 0x0a00_0000L | random.nextInt(3) << 8 | random.nextInt(3), port);
    }
}
