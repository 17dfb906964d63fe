package io.marchproxy.l3l4.replay.pcap;

import java.io.IOException;

/** What should be a capture can't be read as one; the message is for the user. */
public final class CaptureException extends IOException {
    private static final long serialVersionUID = 1;

    CaptureException(String message) {
        super(message);
    }
}
