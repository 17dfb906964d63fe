package io.marchproxy.l3l4.engine.cli;

import io.marchproxy.l3l4.engine.sys.Scheduling;
import java.io.IOException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Puts the JIT's threads behind those that carry traffic, and has them run in short slices. On a CPU that they share a compilation
 * would otherwise keep packets waiting for 3 ms at a time, and the code is hot just when there is much to carry. A packet that waits
 * for its rate leaves late by that, and what was due meanwhile with it: most of a burst that is 4 ms of the rate. Threads that the
 * JVM adds later inherit it.
 */
final class CompilersGiveWay {
    private static final Logger LOG = LoggerFactory.getLogger(CompilersGiveWay.class);

    /** At nice 5 they have a quarter of a CPU that traffic would use up alone, and the whole of an idle one. */
    private static final int NICE = 5;

    private static final String[] COMPILERS = {"C1 Compiler", "C2 Compiler"};

    private CompilersGiveWay() {}

    /** Does so for the compilers that there are. Where it can't be, the service runs without. */
    static void now() {
        try {
            for (String name : COMPILERS) {
                for (int thread : Scheduling.threads(name)) {
                    int result = Scheduling.giveWay(thread, NICE);
                    int slice = Scheduling.giveShortSlices(thread);
                    LOG.debug("{} ({}): {}, {}", name, thread, result, slice);
                }
            }
        } catch (IOException e) {
            LOG.debug("the compilers' priority stays as it is", e);
        }
    }
}
