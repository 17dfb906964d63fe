package io.marchproxy.l3l4.engine.explain;

import io.marchproxy.l3l4.stages.packet.Memory;
import io.marchproxy.l3l4.stages.pipeline.Inquiry;
import io.marchproxy.l3l4.stages.pipeline.Pipeline;
import io.marchproxy.l3l4.stages.pipeline.PipelineSettings;
import io.marchproxy.l3l4.stages.pipeline.StateReader;
import io.marchproxy.l3l4.stages.pipeline.StateWriter;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/** What a shard's routes depend on, as of one moment in the order of its events: a copy that anybody may ask questions of. */
public final class RouteState implements Inquiry, StateWriter {
    private static final int FIRST = 256;

    private long[] numbers = new long[FIRST];
    private int count;
    private @Nullable PipelineSettings settings;

    @Override
    public void look(Pipeline pipeline) {
        settings = pipeline.settings();
        pipeline.saveRoutes(this);
    }

    @Override
    public void number(long value) {
        if (count == numbers.length) {
            numbers = Arrays.copyOf(numbers, 2 * count);
        }
        numbers[count++] = value;
    }

    @Override
    public void block(long address, int bytes) {
        for (int i = 0; i < bytes; i += Long.BYTES) {
            number(Memory.getLong(address + i));
        }
    }

    /** The settings that were in force then. */
    PipelineSettings settings() {
        PipelineSettings seen = settings;
        if (seen == null) {
            throw new IllegalStateException("nobody has looked yet");
        }
        return seen;
    }

    /** Gives the numbers back in their order. */
    StateReader reader() {
        return new StateReader() {
            private int next;

            @Override
            public long number() {
                if (next == count) {
                    throw new IllegalStateException("there are no more numbers");
                }
                return numbers[next++];
            }

            @Override
            public void block(long address, int bytes) {
                for (int i = 0; i < bytes; i += Long.BYTES) {
                    Memory.putLong(address + i, number());
                }
            }
        };
    }
}
