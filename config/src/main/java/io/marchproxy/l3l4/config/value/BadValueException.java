package io.marchproxy.l3l4.config.value;

import org.jspecify.annotations.Nullable;

/** A text is no value of its type. The message continues a sentence that begins with the text, and does not repeat it. */
public final class BadValueException extends Exception {
    private static final long serialVersionUID = 1L;

    private final @Nullable String meant;

    /**
     * Says what is wrong.
     *
     * @param message such as {@code has no unit}
     * @param meant what was probably meant, or null; kept apart because it may repeat the text, which can be secret
     */
    public BadValueException(String message, @Nullable String meant) {
        super(message, null, false, false);
        this.meant = meant;
    }

    /** Says what is wrong, with no idea of what was meant. */
    public BadValueException(String message) {
        this(message, null);
    }

    /** What is wrong. */
    public String problem() {
        return String.valueOf(getMessage());
    }

    /** What was probably meant, or null. */
    public @Nullable String meant() {
        return meant;
    }
}
