package io.marchproxy.l3l4.replay;

import java.io.IOException;

/** Something that was asked for can't be had from what is there; the message is for the user, and the exit code is 2. */
public final class UnreadableException extends IOException {
    private static final long serialVersionUID = 1;

    /** A failure. */
    public UnreadableException(String message) {
        super(message);
    }
}
