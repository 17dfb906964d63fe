package io.marchproxy.l3l4.replay.flows;

/** A filter can't be read; the message shows where. */
final class FilterException extends Exception {
    private static final long serialVersionUID = 1;

    private final int position;

    /**
     * Says what is wrong.
     *
     * @param text the whole filter
     * @param position index of the character at which it went wrong
     */
    FilterException(String text, int position, String problem) {
        super("filter: " + problem + ", at character " + (position + 1) + ":\n  " + text + "\n  " + " ".repeat(position)
                + "^");
        this.position = position;
    }

    int position() {
        return position;
    }
}
