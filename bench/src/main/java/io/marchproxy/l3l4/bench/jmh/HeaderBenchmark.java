package io.marchproxy.l3l4.bench.jmh;

import io.marchproxy.l3l4.bench.workload.HeaderRig;
import io.marchproxy.l3l4.bench.workload.Workload;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.OperationsPerInvocation;
import org.openjdk.jmh.annotations.Setup;

/**
 * Reading and rewriting IP headers in place. Baselines: {@link #checksumLargeByWords} for {@link #checksumLarge}, {@link #rewriteFully}
 * for {@link #rewriteIncrementally}.
 *
 * <p>{@code bin/bench jmh Header}
 */
@OperationsPerInvocation(Workload.BATCH)
public class HeaderBenchmark extends PacketBenchmark {
    private HeaderRig headers;

    /** Before the trial. */
    @Setup
    public void prepare() {
        headers = new HeaderRig(arena);
    }

    /** IPv4 and UDP. */
    @Benchmark
    public int parseUdp4() {
        return headers.parseUdp4();
    }

    /** IPv6 and TCP. */
    @Benchmark
    public int parseTcp6() {
        return headers.parseTcp6();
    }

    /** Over 20 bytes. */
    @Benchmark
    public int checksumHeader() {
        return headers.checksumHeader();
    }

    /** Over 1,500 bytes. */
    @Benchmark
    public int checksumLarge() {
        return headers.checksumLarge();
    }

    /** Over 1,500 bytes, two at a time. */
    @Benchmark
    public int checksumLargeByWords() {
        return headers.checksumLargeByWords();
    }

    /** A code point, checksum updated (RFC 1624). */
    @Benchmark
    public int rewriteIncrementally() {
        return headers.rewriteIncrementally();
    }

    /** A code point, checksum made anew. */
    @Benchmark
    public int rewriteFully() {
        return headers.rewriteFully();
    }
}
