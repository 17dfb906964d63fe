package io.marchproxy.l3l4.config.fault;

/**
 * One thing that is wrong.
 *
 * @param origin where it stands
 * @param message what is wrong, and what was probably meant; never holds a secret
 */
public record Fault(Origin origin, String message) {
    /** For the user: {@code FILE:LINE: what is wrong (and what was probably meant)}. */
    public String format() {
        return origin.place() + ": " + message;
    }

    /** The line in the file, from 1; 0 when it does not stand in a file. */
    public int line() {
        return origin instanceof Origin.Line line ? line.line() : 0;
    }
}
