package io.marchproxy.l3l4.config.value;

import java.util.Collection;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/**
 * Finds the word that was probably meant: the one at the least optimal-string-alignment distance (inserts, deletions,
 * replacements and swaps of neighbours, each costing one), if that is at most a third of its length.
 */
public final class Nearest {
    private static final int LONGEST = 64;

    private Nearest() {}

    /**
     * The nearest of some words.
     *
     * @return null when none is near
     */
    public static @Nullable String of(String written, Collection<String> words) {
        String plain = plain(written);
        if (plain.length() > LONGEST) {
            return null;
        }
        String nearest = null;
        int least = Integer.MAX_VALUE;
        for (String word : words) {
            String candidate = plain(word);
            int distance = distance(plain, candidate);
            if (distance <= Math.max(1, candidate.length() / 3) && distance < least && candidate.length() > distance) {
                nearest = word;
                least = distance;
            }
        }
        return nearest;
    }

    /** Case, dashes and underscores are what people confuse most; they cost nothing. */
    private static String plain(String word) {
        return word.toLowerCase(Locale.ROOT).replaceAll("[-_ ]", "");
    }

    static int distance(String a, String b) {
        int[] beforeLast = new int[b.length() + 1];
        int[] last = new int[b.length() + 1];
        int[] row = new int[b.length() + 1];
        for (int j = 0; j <= b.length(); j++) {
            last[j] = j;
        }
        for (int i = 1; i <= a.length(); i++) {
            row[0] = i;
            for (int j = 1; j <= b.length(); j++) {
                int cost = a.charAt(i - 1) == b.charAt(j - 1) ? 0 : 1;
                row[j] = Math.min(Math.min(last[j] + 1, row[j - 1] + 1), last[j - 1] + cost);
                if (i > 1 && j > 1 && a.charAt(i - 1) == b.charAt(j - 2) && a.charAt(i - 2) == b.charAt(j - 1)) {
                    row[j] = Math.min(row[j], beforeLast[j - 2] + 1);
                }
            }
            int[] free = beforeLast;
            beforeLast = last;
            last = row;
            row = free;
        }
        return last[b.length()];
    }
}
