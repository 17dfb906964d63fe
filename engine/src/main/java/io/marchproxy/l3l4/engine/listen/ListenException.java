package io.marchproxy.l3l4.engine.listen;

/** An address can't be listened on; the message names address, service and cause in words for the user. */
public final class ListenException extends Exception {
    private static final long serialVersionUID = 1;

    public ListenException(String message) {
        super(message);
    }
}
