package io.marchproxy.l3l4.engine.journal;

import java.io.IOException;

/** A journal can't be read, or not be written; the message is for the user. */
public final class JournalException extends IOException {
    private static final long serialVersionUID = 1;

    /** A failure. */
    public JournalException(String message) {
        super(message);
    }
}
