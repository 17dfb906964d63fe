package io.marchproxy.l3l4.stages.shape;

/** What a meter says of a packet (RFC 2697, RFC 2698); later is worse. */
public enum Color {
    /** It conforms. */
    GREEN,
    /** It exceeds the committed rate, and is within what is tolerated. */
    YELLOW,
    /** It violates both. */
    RED
}
