package io.marchproxy.l3l4.engine.journal;

import io.marchproxy.l3l4.stages.pipeline.Journal;

/** A journal that knows when its session is over. */
interface ShardRecorder extends Journal {
    /** Records the session's end. The pipeline's thread has ended. */
    void end(long nowNs);
}
