package io.marchproxy.l3l4.stages.pipeline;

/**
 * Takes down the state of stages, so that a replay can begin in the midst of a session. Each stage writes what it needs in an
 * order of its own, and reads it back in that order from a {@link StateReader}; where it is kept is none of its business.
 *
 * <p>Packets wait meanwhile: what is written here should be little. Flow entries are not, the flow table's are copied apart.
 */
public interface StateWriter {
    /** Writes a number. */
    void number(long value);

    /**
     * Writes memory, such as a descriptor.
     *
     * @param bytes a multiple of 8, at most 1024
     */
    void block(long address, int bytes);
}
