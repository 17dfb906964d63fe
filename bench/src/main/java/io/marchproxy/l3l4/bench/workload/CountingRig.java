package io.marchproxy.l3l4.bench.workload;

import io.marchproxy.l3l4.stages.packet.Direction;
import io.marchproxy.l3l4.stages.pipeline.TrafficBooks;
import org.HdrHistogram.Histogram;
import org.HdrHistogram.SingleWriterRecorder;

/** What every packet is counted in, and what counting would cost otherwise. */
public final class CountingRig {
    private static final int SERVICES = 8;
    private static final int CLASSES = 4;
    private static final long HIGHEST_NS = (1L << 40) - 1;

    private final TrafficBooks books = new TrafficBooks(SERVICES);
    private final long[] plain = new long[SERVICES * CLASSES * 4];
    private final Histogram histogram = new Histogram(HIGHEST_NS, 2);
    private final SingleWriterRecorder recorder = new SingleWriterRecorder(HIGHEST_NS, 2);

    /** A packet in and out of the books, as a forwarded one is counted. */
    public int books() {
        for (int i = 0; i < Workload.BATCH; i++) {
            books.in(i & 7, i & 3, Direction.TO_BACKEND, 1, Traffic.LENGTH_BYTES);
            books.out(i & 7, i & 3, Direction.TO_BACKEND, 1, Traffic.LENGTH_BYTES);
        }
        return Workload.BATCH;
    }

    /** The same in a plain array that no other thread may read: the baseline. */
    public int plainArray() {
        for (int i = 0; i < Workload.BATCH; i++) {
            int row = ((i & 7) * CLASSES + (i & 3)) * 4;
            plain[row]++;
            plain[row + 1] += Traffic.LENGTH_BYTES;
            plain[row + 2]++;
            plain[row + 3] += Traffic.LENGTH_BYTES;
        }
        return Workload.BATCH;
    }

    /** HdrHistogram's plain histogram, which no other thread may read: a baseline of the trace stage. */
    public int histogram() {
        for (int i = 0; i < Workload.BATCH; i++) {
            histogram.recordValue(1_000 + i);
        }
        return Workload.BATCH;
    }

    /** HdrHistogram's recorder, which another thread may read, and which the trace stage spares itself. */
    public int recorder() {
        for (int i = 0; i < Workload.BATCH; i++) {
            recorder.recordValue(1_000 + i);
        }
        return Workload.BATCH;
    }
}
