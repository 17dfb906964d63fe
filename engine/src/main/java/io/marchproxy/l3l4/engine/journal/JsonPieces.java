package io.marchproxy.l3l4.engine.journal;

import io.marchproxy.l3l4.stages.packet.Memory;
import io.marchproxy.l3l4.stages.pipeline.PipelineSettings;

/** Puts JSON together that was recorded in pieces. One thread. */
public final class JsonPieces {
    private byte[] text = new byte[0];
    private int have;

    /** Nothing yet. */
    public JsonPieces() {}

    /**
     * Takes a SESSION, SETTINGS or CHECKPOINT record in. True when it was the last piece. Pieces whose first was in a file that
     * was deleted are passed over.
     */
    public boolean add(long at) throws JournalException {
        int offset = Memory.getInt(at + JournalLayout.PIECE_OFFSET);
        int total = Memory.getInt(at + JournalLayout.PIECE_TOTAL);
        if (offset == 0) {
            text = new byte[total];
            have = 0;
        } else if (text.length == 0) {
            return false;
        }
        int length = Math.min(Records.length(at) - JournalLayout.PIECE_BYTES, total - offset);
        if (offset != have || total != text.length || length < 0) {
            throw new JournalException("a piece of the settings in it is missing");
        }
        for (int i = 0; i < length; i++) {
            text[have++] = Memory.getByte(at + JournalLayout.PIECE_BYTES + i);
        }
        return have == total;
    }

    /** How the shard was built, of complete SESSION or CHECKPOINT records. */
    public SessionInfo session() throws JournalException {
        return RecordJson.read(text, SessionInfo.class);
    }

    /** The settings, of complete SETTINGS records. */
    public PipelineSettings settings() throws JournalException {
        return RecordJson.read(text, PipelineSettings.class);
    }
}
