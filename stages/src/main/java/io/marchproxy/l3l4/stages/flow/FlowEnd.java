package io.marchproxy.l3l4.stages.flow;

/** Why the pipeline ended a flow. */
public enum FlowEnd {
    /** Nothing came either way for the idle or session time-out. */
    IDLE,
    /** The stated number of replies has come. */
    REPLIES_COMPLETE,
    /** Made way for a newer session at the session cap. */
    EVICTED,
    /** Both halves were closed, or the transport is gone. */
    CLOSED,
    /** One side reset it. */
    RESET,
    /** No backend took it. */
    REFUSED
}
