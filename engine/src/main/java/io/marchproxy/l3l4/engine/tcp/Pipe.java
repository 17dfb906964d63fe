package io.marchproxy.l3l4.engine.tcp;

/**
 * A kernel's pipe, through which bytes pass from one socket to another without coming to us. It counts what is in it: only
 * an empty one can serve another connection. Event loop's thread.
 */
final class Pipe implements Payload {
    private final int readEnd;
    private final int writeEnd;
    private int held;

    /** A pipe that {@link PipePool} made. */
    Pipe(int readEnd, int writeEnd) {
        this.readEnd = readEnd;
        this.writeEnd = writeEnd;
    }

    int readEnd() {
        return readEnd;
    }

    int writeEnd() {
        return writeEnd;
    }

    boolean isEmpty() {
        return held == 0;
    }

    /** So many bytes went in. */
    void took(int bytes) {
        held += bytes;
    }

    /** So many bytes went out. */
    void gave(int bytes) {
        held -= bytes;
    }
}
