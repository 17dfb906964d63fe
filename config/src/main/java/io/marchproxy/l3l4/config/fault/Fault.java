package io.marchproxy.l3l4.config.fault;

/**
 * One thing that is wrong.
 *
 * @param origin where it stands
 * @param message what is wrong, and what was probably meant; never holds a secret
 */
public record Fault(Origin origin, String message) {
    /** For the user, in one line: {@code FILE:LINE: what is wrong (and what was probably meant)}. */
    public String format() {
        String line = origin.place() + ": " + message;
        if (line.chars().noneMatch(Character::isISOControl)) {
            return line;
        }
        StringBuilder escaped = new StringBuilder();
        line.chars().forEach(c -> {
            if (Character.isISOControl(c)) {
                escaped.append(String.format("\\u%04x", c));
            } else {
                escaped.append((char) c);
            }
        });
        return escaped.toString();
    }

    /** The line in the file, from 1; 0 when it does not stand in a file. */
    public int line() {
        return origin instanceof Origin.Line line ? line.line() : 0;
    }
}
