package io.marchproxy.l3l4.replay.diff;

/**
 * A client's traffic, both directions together.
 *
 * @param decisions about its packets and connections
 * @param changed of these
 */
public record ClientRow(String name, long decisions, long changed, Figures before, Figures after) {
    /**
     * Under one configuration.
     *
     * @param packets that left
     * @param dropped packets, refused connections counted as one each
     */
    public record Figures(long packets, long bytes, long dropped, DelayFigures delay, double cost) {}
}
