package io.marchproxy.l3l4.stages.route;

import static org.junit.jupiter.api.Assertions.assertEquals;

import org.junit.jupiter.api.Test;

/** Against distances that anybody can look up. */
class GreatCircleTest {
    @Test
    void shouldKnowHowFarItIs() {
        assertEquals(0, GreatCircle.km(50, 8, 50, 8));
        assertEquals(10_007.6, GreatCircle.km(0, 0, 90, 0), 1, "a quarter of a meridian");
        assertEquals(20_015.1, GreatCircle.km(0, 0, 0, 180), 1, "half the equator");
        assertEquals(343.6, GreatCircle.km(51.5074, -0.1278, 48.8566, 2.3522), 1, "London to Paris");
        assertEquals(5_570.2, GreatCircle.km(40.7128, -74.0060, 51.5074, -0.1278), 5, "New York to London");
        assertEquals(GreatCircle.km(1.3, 103.8, -33.9, 151.2), GreatCircle.km(-33.9, 151.2, 1.3, 103.8));
    }
}
