package io.marchproxy.l3l4.engine.shard;

import io.marchproxy.l3l4.stages.packet.CacheLines;
import io.marchproxy.l3l4.stages.packet.Direction;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.util.Arrays;

/** What went to and came from each backend through one shard. The egress thread writes, any thread reads. */
public final class BackendCounters {
    /** An answer within this time is prompt. */
    public static final long PROMPT_NS = 50_000_000;

    /** What a prompt answer counts in {@link #promptness}. */
    public static final long PROMPT = 1 << 20;

    private static final int SELECTIONS = 0;
    private static final int BYTES_TO_BACKEND = 1;
    private static final int BYTES_TO_CLIENT = 2;
    private static final int QUESTIONS = 3;
    private static final int ANSWERS = 4;
    private static final int PROMPTNESS = 5;
    private static final int COLUMNS = 8;
    private static final VarHandle CELL = MethodHandles.arrayElementVarHandle(long[].class);

    private volatile long[] cells = new long[COLUMNS + 2 * CacheLines.PADDING_LONGS];

    void selected(int backend) {
        add(row(backend) + SELECTIONS, 1);
    }

    void bytes(int backend, Direction direction, long bytes) {
        add(row(backend) + (direction == Direction.TO_BACKEND ? BYTES_TO_BACKEND : BYTES_TO_CLIENT), bytes);
    }

    void asked(int backend) {
        add(row(backend) + QUESTIONS, 1);
    }

    void answered(int backend, long waitNs) {
        add(row(backend) + ANSWERS, 1);
        add(row(backend) + PROMPTNESS, promptness(waitNs));
    }

    /** What an answer counts that took so long: half as much as a prompt one if it took twice as long. */
    public static long promptness(long waitNs) {
        return PROMPT * PROMPT_NS / Math.max(waitNs, PROMPT_NS);
    }

    /**
     * How long answers take, by their number and their promptness together: the harmonic mean, {@link #PROMPT_NS} at the least, or 0 when
     * none is known.
     */
    public static double waitNs(double answers, double promptness) {
        return promptness > 0 ? PROMPT_NS * answers * PROMPT / promptness : 0;
    }

    /** How often a connection or session sent something while nothing it had sent was left unanswered. */
    public long questions(int backend) {
        return get(row(backend) + QUESTIONS);
    }

    /** How often something came back for what was left unanswered. */
    public long answers(int backend) {
        return get(row(backend) + ANSWERS);
    }

    /** How prompt its answers were, all together: a number of prompt ones, times {@link #PROMPT}. */
    public long promptness(int backend) {
        return get(row(backend) + PROMPTNESS);
    }

    /** How often the backend was chosen for a connection or session. */
    public long selections(int backend) {
        return get(row(backend) + SELECTIONS);
    }

    public long bytesToBackend(int backend) {
        return get(row(backend) + BYTES_TO_BACKEND);
    }

    public long bytesToClient(int backend) {
        return get(row(backend) + BYTES_TO_CLIENT);
    }

    /** The neighbours of the cells in the heap are other writers': either end stays unused. */
    private static int row(int backend) {
        return CacheLines.PADDING_LONGS + backend * COLUMNS;
    }

    private void add(int index, long amount) {
        long[] mine = cells;
        if (index >= mine.length - CacheLines.PADDING_LONGS) {
            mine = Arrays.copyOf(mine, Math.max(index + COLUMNS + CacheLines.PADDING_LONGS, mine.length * 2));
            cells = mine;
        }
        CELL.setOpaque(mine, index, (long) CELL.getOpaque(mine, index) + amount);
    }

    private long get(int index) {
        long[] mine = cells;
        return index < mine.length ? (long) CELL.getOpaque(mine, index) : 0;
    }
}
