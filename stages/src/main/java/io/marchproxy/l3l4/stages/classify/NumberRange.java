package io.marchproxy.l3l4.stages.classify;

/** Numbers from {@code low} to {@code high}, both included. */
public record NumberRange(int low, int high) {
    public NumberRange {
        if (low < 0 || high < low) {
            throw new IllegalArgumentException("a range from " + low + " to " + high);
        }
    }

    /** One number. */
    public static NumberRange of(int number) {
        return new NumberRange(number, number);
    }

    /** Whether a number lies within. */
    public boolean contains(int number) {
        return number >= low && number <= high;
    }
}
