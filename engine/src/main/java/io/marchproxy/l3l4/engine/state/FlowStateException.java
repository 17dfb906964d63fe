package io.marchproxy.l3l4.engine.state;

import java.io.IOException;

/** The flow state can't be used; the message is for the user. */
public final class FlowStateException extends IOException {
    private static final long serialVersionUID = 1;

    /** A failure. */
    public FlowStateException(String message) {
        super(message);
    }
}
