package io.marchproxy.l3l4.engine.journal;

/** Why records are missing. The numbers are the journal's: only append. */
public enum GapCause {
    /** The disk took them more slowly than they came, for longer than the ring between them could bridge. */
    OVERRUN("the disk was slower than the traffic"),
    /** No space was left on the disk. */
    DISK_FULL("no space was left on the disk"),
    /** Writing failed. */
    WRITE_FAILED("writing failed");

    private final String sentence;

    GapCause(String sentence) {
        this.sentence = sentence;
    }

    /** What the cause means, as a part of a sentence. */
    public String sentence() {
        return sentence;
    }
}
