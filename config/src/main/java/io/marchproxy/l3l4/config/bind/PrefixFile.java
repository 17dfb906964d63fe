package io.marchproxy.l3l4.config.bind;

import io.marchproxy.l3l4.config.fault.Faults;
import io.marchproxy.l3l4.config.fault.Origin;
import io.marchproxy.l3l4.config.settings.GatewayPrefixes;
import io.marchproxy.l3l4.config.settings.IpPrefix;
import io.marchproxy.l3l4.config.tree.Quote;
import io.marchproxy.l3l4.config.value.BadValueException;
import io.marchproxy.l3l4.config.value.Nearest;
import io.marchproxy.l3l4.config.value.Values;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.Map;

/**
 * Reads a file of prefixes: in each line one, and behind it the ids of its gateways; what follows a {@code #} is a comment. Lines of
 * IPv4 without a fault, which most are, are read digit by digit, a million in a fraction of a second; the others as all values are, which
 * know to say what was meant. One thread.
 */
final class PrefixFile {
    private static final int LONGEST_LINE = 1 << 16;
    private static final int V4_PARTS = 4;

    private final String file;
    private final byte[] bytes;
    private final Map<String, Integer> gateways;
    private final PrefixRows rows;
    private final Faults faults;
    private int at;
    private int line;

    /** Where the prefix at hand ends. */
    private int end;

    private long network;
    private int length;

    PrefixFile(String file, byte[] bytes, Map<String, Integer> gateways, PrefixRows rows, Faults faults) {
        this.file = file;
        this.bytes = bytes;
        this.gateways = gateways;
        this.rows = rows;
        this.faults = faults;
    }

    /** Adds all rows, and tells every fault. */
    void read() {
        while (at < bytes.length) {
            line++;
            int begin = at;
            while (at < bytes.length && bytes[at] != '\n') {
                at++;
            }
            int stop = begin;
            while (stop < at && bytes[stop] != '#') {
                stop++;
            }
            if (at - begin > LONGEST_LINE) {
                fault("is longer than " + LONGEST_LINE + " bytes");
            } else if (!read(begin, stop)) {
                return;
            }
            at++;
        }
    }

    /** Reads a line; false when there is room for no more. */
    private boolean read(int begin, int stop) {
        int from = skip(begin, stop);
        if (from == stop) {
            return true;
        }
        if (isV4(from, stop)) {
            return gateways(true, network << Integer.SIZE, 0, end, stop);
        }
        int to = word(from, stop);
        String text = new String(bytes, from, to - from, StandardCharsets.UTF_8);
        try {
            IpPrefix prefix = Values.PREFIX.read(text);
            ByteBuffer address = ByteBuffer.wrap(prefix.network().getAddress());
            length = prefix.length();
            return address.remaining() == Integer.BYTES
                    ? gateways(true, (long) address.getInt() << Integer.SIZE, 0, to, stop)
                    : gateways(false, address.getLong(), address.getLong(), to, stop);
        } catch (BadValueException e) {
            String meant = e.meant() == null ? "" : "; did you mean " + Quote.shorten(e.meant()) + "?";
            fault(Quote.of(text) + " " + e.problem() + meant);
            return true;
        }
    }

    /** Reads the rest of a line: whose the prefix is. */
    private boolean gateways(boolean isV4, long high, long low, int begin, int stop) {
        int from = skip(begin, stop);
        if (from == stop) {
            fault("has a prefix and no gateway: PREFIX ID");
        }
        while (from < stop) {
            int to = word(from, stop);
            String id = new String(bytes, from, to - from, StandardCharsets.UTF_8);
            Integer gateway = gateways.get(id);
            if (gateway == null) {
                String near = Nearest.of(id, gateways.keySet());
                fault(Quote.of(id) + " is the id of no gateway of the service"
                        + (near == null ? "" : "; did you mean " + near + "?"));
            } else if (rows.size() == GatewayPrefixes.MOST) {
                fault("are more than " + GatewayPrefixes.MOST + " prefixes, each counted for each of its gateways");
                return false;
            } else {
                rows.add(isV4, high, low, length, gateway, line);
            }
            from = skip(to, stop);
        }
        return true;
    }

    /** Whether a prefix of IPv4 without any fault stands there; then network, length and end are its. */
    private boolean isV4(int from, int stop) {
        int next = from;
        long address = 0;
        for (int part = 0; part < V4_PARTS; part++) {
            int begin = next;
            int number = 0;
            for (; next < stop && next - begin < 3 && isDigit(next); next++) {
                number = 10 * number + bytes[next] - '0';
            }
            boolean isPlain = next > begin && number <= 255 && (bytes[begin] != '0' || next == begin + 1);
            byte wanted = (byte) (part == V4_PARTS - 1 ? '/' : '.');
            if (!isPlain || next == stop || bytes[next] != wanted) {
                return false;
            }
            address = address << 8 | number;
            next++;
        }
        int begin = next;
        length = 0;
        for (; next < stop && next - begin < 2 && isDigit(next); next++) {
            length = 10 * length + bytes[next] - '0';
        }
        network = address;
        end = next;
        boolean isWhole = next > begin && (next == stop || isBlank(next));
        return isWhole && length <= Integer.SIZE && (address & (0xffff_ffffL >>> length)) == 0;
    }

    private boolean isDigit(int index) {
        return bytes[index] >= '0' && bytes[index] <= '9';
    }

    private boolean isBlank(int index) {
        return bytes[index] == ' ' || bytes[index] == '\t' || bytes[index] == '\r';
    }

    private int skip(int from, int stop) {
        int next = from;
        while (next < stop && isBlank(next)) {
            next++;
        }
        return next;
    }

    private int word(int from, int stop) {
        int next = from;
        while (next < stop && !isBlank(next)) {
            next++;
        }
        return next;
    }

    private void fault(String message) {
        faults.add(new Origin.Row(file, line), message);
    }
}
