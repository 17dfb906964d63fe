package io.marchproxy.l3l4.bench.peers;

import java.io.IOException;

/** The machine lacks what the comparison takes: root, a CPU, a program. */
public final class UnavailableException extends IOException {
    private static final long serialVersionUID = 1;

    /** A message for the user, in one line. */
    public UnavailableException(String message) {
        super(message);
    }
}
