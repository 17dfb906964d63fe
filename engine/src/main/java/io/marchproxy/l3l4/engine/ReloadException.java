package io.marchproxy.l3l4.engine;

/** A configuration was refused and the former one is in force still; the message says why in words for the user. */
public final class ReloadException extends Exception {
    private static final long serialVersionUID = 1;

    public ReloadException(String message) {
        super(message);
    }
}
