package io.marchproxy.l3l4.engine.numa;

import java.util.Collection;
import java.util.NavigableSet;
import java.util.TreeSet;

/** Sets of CPUs or nodes as the kernel writes them: {@code 0-3,8,10-11} (cpuset(7), list format). */
public final class CpuList {
    private CpuList() {}

    /**
     * Reads a list; the empty text is the empty set.
     *
     * @throws NumberFormatException if it is no such list
     */
    public static NavigableSet<Integer> parse(String text) {
        NavigableSet<Integer> numbers = new TreeSet<>();
        for (String range : text.strip().split(",", -1)) {
            if (!range.isBlank()) {
                String[] ends = range.strip().split("-", 2);
                int last = Integer.parseInt(ends[ends.length - 1]);
                for (int number = Integer.parseInt(ends[0]); number <= last; number++) {
                    numbers.add(number);
                }
            }
        }
        return numbers;
    }

    /** Writes a set in the same form. */
    public static String format(Collection<Integer> numbers) {
        StringBuilder text = new StringBuilder();
        int first = -1;
        int last = -1;
        for (int number : new TreeSet<>(numbers)) {
            if (first < 0 || number != last + 1) {
                close(text, first, last);
                first = number;
            }
            last = number;
        }
        close(text, first, last);
        return text.toString();
    }

    private static void close(StringBuilder text, int first, int last) {
        if (first >= 0) {
            text.append(text.isEmpty() ? "" : ",").append(first);
            if (last > first) {
                text.append('-').append(last);
            }
        }
    }
}
