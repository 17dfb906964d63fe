package io.marchproxy.l3l4.replay.diff;

import java.util.ArrayList;
import java.util.List;

/** Round numbers from 0 to a little above the largest value, 4 to 8 of them. */
record Axis(double step, double end) {
    private static final int TICKS = 5;

    static Axis upTo(double largest) {
        if (largest <= 0) {
            return new Axis(1, 1);
        }
        double rough = largest / TICKS;
        double magnitude = Math.pow(10, Math.floor(Math.log10(rough)));
        double step = magnitude * 10;
        for (double factor : new double[] {1, 2, 2.5, 5}) {
            if (rough <= factor * magnitude) {
                step = factor * magnitude;
                break;
            }
        }
        return new Axis(step, Math.ceil(largest / step) * step);
    }

    List<Double> ticks() {
        List<Double> ticks = new ArrayList<>();
        for (int i = 0; i * step <= end + step / 2; i++) {
            ticks.add(i * step);
        }
        return ticks;
    }
}
