package io.marchproxy.l3l4.config.value;

/** A text that is never shown: no message, log line, hash or dump holds it. */
public final class Secret {
    /** What is shown instead. */
    public static final String MASK = "********";

    private final String text;

    public Secret(String text) {
        this.text = text;
    }

    /** The text itself, for the one who presents it to its receiver. */
    public String reveal() {
        return text;
    }

    @Override
    public boolean equals(Object other) {
        return other instanceof Secret secret && secret.text.equals(text);
    }

    @Override
    public int hashCode() {
        return Secret.class.hashCode();
    }

    @Override
    public String toString() {
        return MASK;
    }
}
