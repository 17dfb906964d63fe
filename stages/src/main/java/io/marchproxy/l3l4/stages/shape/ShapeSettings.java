package io.marchproxy.l3l4.stages.shape;

/**
 * Settings of the shape stage.
 *
 * @param queuePacketsP0 how many packets class P0 may hold; likewise the others
 */
public record ShapeSettings(int queuePacketsP0, int queuePacketsP1, int queuePacketsP2, int queuePacketsP3) {
    /** The queue bound of a class, 0 to 3, in packets. */
    public int queuePackets(int trafficClass) {
        return switch (trafficClass) {
            case 0 -> queuePacketsP0;
            case 1 -> queuePacketsP1;
            case 2 -> queuePacketsP2;
            default -> queuePacketsP3;
        };
    }
}
