package io.marchproxy.l3l4.stages.pipeline;

/**
 * Gives back, in the order in which it was written, what a {@link StateWriter} took down. Files may lie: who restores checks
 * what would lead astray, and throws {@link IllegalStateException} with a sentence for the user.
 */
public interface StateReader {
    /**
     * The next number.
     *
     * @throws IllegalStateException when there is none
     */
    long number();

    /**
     * Reads memory that was written as a block of as many bytes.
     *
     * @throws IllegalStateException when there is not so much
     */
    void block(long address, int bytes);

    /**
     * The next number, which is to lie within bounds.
     *
     * @throws IllegalStateException when it does not
     */
    default int number(int least, int most) {
        long value = number();
        if (value < least || value > most) {
            throw new IllegalStateException(value + " is outside " + least + " to " + most);
        }
        return (int) value;
    }
}
