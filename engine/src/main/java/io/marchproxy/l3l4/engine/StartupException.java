package io.marchproxy.l3l4.engine;

/** The service can't start as configured; the message says why in words for the user, one line for each reason. */
public final class StartupException extends Exception {
    private static final long serialVersionUID = 1;

    public StartupException(String message) {
        super(message);
    }
}
