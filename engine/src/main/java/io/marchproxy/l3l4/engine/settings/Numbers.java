package io.marchproxy.l3l4.engine.settings;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * Gives names numbers that stay theirs over reloads, so that live flows, books and journals keep their meaning. A number
 * that was in use is never given to another.
 */
final class Numbers<K> {
    private final int most;
    private final String what;
    private final Map<K, Integer> numbers = new HashMap<>();
    private final List<K> keys = new ArrayList<>();

    /**
     * Starts at 0.
     *
     * @param most how many there may ever be
     * @param what is numbered, for the message when there are too many
     */
    Numbers(int most, String what) {
        this.most = most;
        this.what = what;
    }

    /**
     * The key's number, given now if it has none yet.
     *
     * @throws SettingsException when all numbers are used up
     */
    int of(K key) throws SettingsException {
        Integer known = numbers.get(key);
        if (known != null) {
            return known;
        }
        if (keys.size() == most) {
            throw new SettingsException(List.of("more than " + most + " different " + what
                    + " since the start: restart the service to begin anew"));
        }
        numbers.put(key, keys.size());
        keys.add(key);
        return keys.size() - 1;
    }

    /** How many numbers are given. */
    int size() {
        return keys.size();
    }

    /** Takes back every number from {@code size} on, for a configuration that did not come into being. */
    void shrinkTo(int size) {
        List<K> gone = keys.subList(size, keys.size());
        gone.forEach(numbers::remove);
        gone.clear();
    }

    /** The key that has a number. */
    K key(int number) {
        return keys.get(number);
    }
}
