package io.marchproxy.l3l4.stages.route;

import java.util.Arrays;
import java.util.Base64;
import java.util.zip.DataFormatException;
import java.util.zip.Deflater;
import java.util.zip.Inflater;

/**
 * A list of prefixes as text, as journals hold it: three bytes for a prefix of a table like the Internet's, five for one of IPv6. First how
 * many there are of each family, then in three columns, each family's of its own, lengths, distances of addresses and sets of
 * gateways, as numbers of seven bits a byte (LEB128), compressed (RFC 1950) and in Base64 (RFC 4648). The distance to the address before
 * is counted in units of the longer of both prefixes' lengths, so that neighbours are 0 or 1 apart.
 */
final class PackedPrefixes {
    private static final int PIECE = 1 << 16;

    /** More than the longest list takes before it is compressed: a length, a distance and a set for each. */
    private static final int MOST_BYTES = PrefixList.MOST * 26;

    private byte[] bytes = new byte[PIECE];
    private int at;

    /** The number of 128 bits that was read last. */
    private long wideHigh;

    private long wideLow;

    private PackedPrefixes() {}

    static String write(PrefixList list) {
        PackedPrefixes to = new PackedPrefixes();
        int v4 = list.v4Size();
        to.number(0, v4);
        to.number(0, list.size() - v4);
        to.family(list, 0, v4);
        to.family(list, v4, list.size());
        return Base64.getEncoder().encodeToString(to.deflated());
    }

    private void family(PrefixList list, int from, int to) {
        for (int i = from; i < to; i++) {
            number(0, list.length(i));
        }
        long high = 0;
        long low = 0;
        int length = 0;
        for (int i = from; i < to; i++) {
            int unit = 2 * Long.SIZE - Math.max(length, list.length(i));
            long lowApart = list.low(i) - low;
            long highApart = list.high(i) - high - (Long.compareUnsigned(list.low(i), low) < 0 ? 1 : 0);
            number(highRight(highApart, unit), lowRight(highApart, lowApart, unit));
            high = list.high(i);
            low = list.low(i);
            length = list.length(i);
        }
        for (int i = from; i < to; i++) {
            number(0, list.set(i));
        }
    }

    /** Adds a number of 128 bits. */
    private void number(long high, long low) {
        if (at + 20 > bytes.length) {
            bytes = Arrays.copyOf(bytes, 2 * bytes.length);
        }
        long restHigh = high;
        long rest = low;
        while (restHigh != 0 || rest >>> 7 != 0) {
            bytes[at++] = (byte) (rest | 0x80);
            rest = rest >>> 7 | restHigh << (Long.SIZE - 7);
            restHigh >>>= 7;
        }
        bytes[at++] = (byte) rest;
    }

    private byte[] deflated() {
        Deflater deflater = new Deflater();
        try {
            deflater.setInput(bytes, 0, at);
            deflater.finish();
            byte[] packed = new byte[PIECE];
            int length = 0;
            while (!deflater.finished()) {
                packed = length == packed.length ? Arrays.copyOf(packed, 2 * length) : packed;
                length += deflater.deflate(packed, length, packed.length - length);
            }
            return Arrays.copyOf(packed, length);
        } finally {
            deflater.end();
        }
    }

    /**
     * The list in a text.
     *
     * @throws IllegalArgumentException when there is none
     */
    static PrefixList read(String text) {
        PackedPrefixes from = new PackedPrefixes();
        from.inflate(Base64.getDecoder().decode(text));
        int v4 = from.small();
        int v6 = from.small();
        if (v4 < 0 || v6 < 0 || v4 > PrefixList.MOST || v6 > PrefixList.MOST - v4) {
            throw new IllegalArgumentException("prefixes without number");
        }
        PrefixList.Builder list = new PrefixList.Builder();
        from.read(list, 4, v4);
        from.read(list, 6, v6);
        return list.build();
    }

    private void read(PrefixList.Builder list, int version, int count) {
        byte[] lengths = new byte[count];
        for (int i = 0; i < count; i++) {
            int length = small();
            if (length < 0 || length > 2 * Long.SIZE) {
                throw new IllegalArgumentException("a prefix length " + length);
            }
            lengths[i] = (byte) length;
        }
        long[] high = new long[count];
        long[] low = new long[count];
        int length = 0;
        for (int i = 0; i < count; i++) {
            int unit = 2 * Long.SIZE - Math.max(length, Byte.toUnsignedInt(lengths[i]));
            wide();
            long lowApart = unit >= Long.SIZE ? 0 : wideLow << unit;
            long highApart = highLeft(wideHigh, wideLow, unit);
            long lowBefore = i == 0 ? 0 : low[i - 1];
            low[i] = lowBefore + lowApart;
            high[i] = (i == 0 ? 0 : high[i - 1]) + highApart + (Long.compareUnsigned(low[i], lowBefore) < 0 ? 1 : 0);
            length = Byte.toUnsignedInt(lengths[i]);
        }
        for (int i = 0; i < count; i++) {
            list.add(version, high[i], low[i], Byte.toUnsignedInt(lengths[i]), small());
        }
    }

    /** Reads a number of 128 bits. */
    private void wide() {
        wideHigh = 0;
        wideLow = 0;
        int shift = 0;
        byte next;
        do {
            if (at == bytes.length || shift > 2 * Long.SIZE) {
                throw new IllegalArgumentException("prefixes that end too early");
            }
            next = bytes[at++];
            long seven = next & 0x7f;
            wideLow |= shift < Long.SIZE ? seven << shift : 0;
            wideHigh |= highLeft(0, seven, shift);
            shift += 7;
        } while (next < 0);
    }

    /** Reads a number that is a small one; negative when it is not. */
    private int small() {
        wide();
        return wideHigh == 0 && wideLow >>> (Integer.SIZE - 1) == 0 ? (int) wideLow : -1;
    }

    private void inflate(byte[] packed) {
        Inflater inflater = new Inflater();
        try {
            inflater.setInput(packed);
            int length = 0;
            while (!inflater.finished()) {
                if (length == bytes.length) {
                    bytes = Arrays.copyOf(bytes, 2 * length);
                }
                int more = inflater.inflate(bytes, length, bytes.length - length);
                length += more;
                if ((more == 0 && (inflater.needsInput() || inflater.needsDictionary())) || length > MOST_BYTES) {
                    throw new IllegalArgumentException("prefixes that end too early");
                }
            }
            bytes = Arrays.copyOf(bytes, length);
        } catch (DataFormatException e) {
            throw new IllegalArgumentException("prefixes that can't be unpacked", e);
        } finally {
            inflater.end();
        }
    }

    /** Of a number of 128 bits that is shifted to the right: the first 64. */
    private static long highRight(long high, int bits) {
        return bits >= Long.SIZE ? 0 : high >>> bits;
    }

    private static long lowRight(long high, long low, int bits) {
        if (bits >= Long.SIZE) {
            return bits == 2 * Long.SIZE ? 0 : high >>> (bits - Long.SIZE);
        }
        return bits == 0 ? low : low >>> bits | high << (Long.SIZE - bits);
    }

    /** Of a number of 128 bits that is shifted to the left: the first 64. */
    private static long highLeft(long high, long low, int bits) {
        if (bits >= Long.SIZE) {
            return bits >= 2 * Long.SIZE ? 0 : low << (bits - Long.SIZE);
        }
        return bits == 0 ? high : high << bits | low >>> (Long.SIZE - bits);
    }
}
