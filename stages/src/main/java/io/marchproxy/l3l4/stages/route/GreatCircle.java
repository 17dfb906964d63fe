package io.marchproxy.l3l4.stages.route;

/**
 * Distance over the earth taken as a sphere, which is right within 0.5 %.
 *
 * <p>Source: the haversine formula (Sinnott, "Virtues of the Haversine", Sky and Telescope 68(2), 1984), mean radius of WGS 84.
 * {@link StrictMath}: the same bits everywhere.
 */
public final class GreatCircle {
    private static final double RADIUS_KM = 6_371.0088;

    private GreatCircle() {}

    /** The distance in kilometres between two places given in degrees. */
    public static double km(double latitude, double longitude, double otherLatitude, double otherLongitude) {
        double north = StrictMath.sin(StrictMath.toRadians(otherLatitude - latitude) / 2);
        double east = StrictMath.sin(StrictMath.toRadians(otherLongitude - longitude) / 2);
        double h = north * north
                + StrictMath.cos(StrictMath.toRadians(latitude))
                        * StrictMath.cos(StrictMath.toRadians(otherLatitude))
                        * east
                        * east;
        return 2 * RADIUS_KM * StrictMath.asin(Math.min(1, StrictMath.sqrt(h)));
    }
}
