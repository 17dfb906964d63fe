package io.marchproxy.l3l4.engine.journal;

import io.marchproxy.l3l4.stages.packet.Memory;
import io.marchproxy.l3l4.stages.pipeline.PipelineSettings;

/** Puts JSON together that was recorded in pieces. One thread. */
public final class JsonPieces {
    private byte[] text = new byte[0];
    private int have;

    /** Nothing yet. */
    public JsonPieces() {}

    /** Takes a SESSION or SETTINGS record in. True when it was the last piece. */
    public boolean add(long at) throws JournalException {
        int offset = Memory.getInt(at + JournalLayout.PIECE_OFFSET);
        int total = Memory.getInt(at + JournalLayout.PIECE_TOTAL);
        if (offset == 0) {
            text = new byte[Math.max(total, 0)];
            have = 0;
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

    /** How the shard was built, of complete SESSION records. */
    public SessionInfo session() throws JournalException {
        return RecordJson.read(text, SessionInfo.class);
    }

    /** The settings, of complete SETTINGS records. */
    public PipelineSettings settings() throws JournalException {
        return RecordJson.read(text, PipelineSettings.class);
    }
}
