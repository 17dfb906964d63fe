package io.marchproxy.l3l4.bench.peers;

import java.io.IOException;
import java.util.HashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** What the load found, by name. */
public record LoadAnswer(Map<String, Double> values) {
    /**
     * Reads a line of the load's.
     *
     * @param line or null, if the load has ended
     * @throws IOException if the load failed, with its words
     */
    static LoadAnswer parse(@Nullable String line) throws IOException {
        if (line == null || !(line.equals("ok") || line.startsWith("ok "))) {
            throw new IOException("the load failed: " + (line == null ? "its process has ended" : line));
        }
        Map<String, Double> values = new HashMap<>();
        String[] words = line.split(" ");
        for (int i = 1; i < words.length; i++) {
            int equals = words[i].indexOf('=');
            values.put(words[i].substring(0, equals), Double.valueOf(words[i].substring(equals + 1)));
        }
        return new LoadAnswer(values);
    }

    /** A figure by its name. */
    public double get(String name) {
        Double value = values.get(name);
        if (value == null) {
            throw new IllegalArgumentException("the load says nothing of " + name);
        }
        return value;
    }
}
