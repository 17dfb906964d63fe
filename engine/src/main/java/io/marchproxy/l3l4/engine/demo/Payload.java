package io.marchproxy.l3l4.engine.demo;

import java.nio.ByteBuffer;

/**
 * The bytes that the demonstration sends: a function of who sends and of the place in the stream, so that whoever reads them
 * can tell a lost, repeated or foreign byte from the right one.
 *
 * <p>The words are those of SplitMix64 (Steele, Lea, Flood: Fast Splittable Pseudorandom Number Generators, OOPSLA 2014),
 * whose n-th word is had without the ones before.
 */
final class Payload {
    static final int WORD = Long.BYTES;
    private static final long GOLDEN_GAMMA = 0x9e3779b97f4a7c15L;

    private Payload() {}

    /** Fills the whole words that the buffer has room for, from the given word of a stream on. */
    static void fill(ByteBuffer buffer, long stream, long firstWord) {
        long word = firstWord;
        while (buffer.remaining() >= WORD) {
            buffer.putLong(word(stream, word++));
        }
    }

    /** Reads the whole words that the buffer holds; returns how many bytes of them are wrong. */
    static long wrongBytes(ByteBuffer buffer, long stream, long firstWord) {
        long word = firstWord;
        long wrong = 0;
        while (buffer.remaining() >= WORD) {
            if (buffer.getLong() != word(stream, word++)) {
                wrong += WORD;
            }
        }
        return wrong;
    }

    private static long word(long stream, long index) {
        long z = stream + (index + 1) * GOLDEN_GAMMA;
        z = (z ^ (z >>> 30)) * 0xbf58476d1ce4e5b9L;
        z = (z ^ (z >>> 27)) * 0x94d049bb133111ebL;
        return z ^ (z >>> 31);
    }
}
