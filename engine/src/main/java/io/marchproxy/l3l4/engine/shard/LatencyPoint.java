package io.marchproxy.l3l4.engine.shard;

import java.util.Locale;

/** The parts of a packet's way through a shard that are timed. */
public enum LatencyPoint {
    RING(
            "a packet, from its arrival (the clock is read once for each batch of I/O) until the stages begin; all that are not held"),
    HOLD("a packet that the shape stage held, from its arrival until its release, in the pipeline's time; all of them"),
    CLASSIFY("a packet in the classify stage, with its entry in the books; sampled"),
    SHAPE("a packet in the shape stage; sampled"),
    MARK("a packet in the mark stage; sampled"),
    ROUTE("a packet in the route stage; sampled"),
    TRACE("a packet in the trace stage; sampled"),
    STAGES("a batch, from its first event until all of it was decided about and handed to the egress; sampled"),
    EGRESS("a batch, from then until the kernel was given what it takes of it; sampled"),
    TOTAL("a batch, from its first packet's arrival until the kernel was given what it takes of it; sampled"),
    CONNECT("a connect to a backend that succeeded, from the call until the socket was connected; all of them");

    private final String sentence;

    LatencyPoint(String sentence) {
        this.sentence = sentence;
    }

    /** What is timed, as a part of a sentence. */
    public String sentence() {
        return sentence;
    }

    /** Its name in logs. */
    public String label() {
        return name().toLowerCase(Locale.ROOT);
    }
}
