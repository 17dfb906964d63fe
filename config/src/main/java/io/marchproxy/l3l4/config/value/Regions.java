package io.marchproxy.l3l4.config.value;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;

/** The clouds' regions and where they are: {@code regions.txt} beside this class's module, which names its sources. */
public final class Regions {
    private static final Map<Key, Place> KNOWN = read();

    private record Key(String provider, String region) {}

    /**
     * A place on earth.
     *
     * @param latitude degrees north
     * @param longitude degrees east
     */
    public record Place(double latitude, double longitude) {}

    private Regions() {}

    /** Where a provider's region is. */
    public static Optional<Place> place(String provider, String region) {
        return Optional.ofNullable(KNOWN.get(new Key(provider, region)));
    }

    /** A provider's regions. */
    public static Set<String> of(String provider) {
        return KNOWN.keySet().stream()
                .filter(key -> key.provider().equals(provider))
                .map(Key::region)
                .collect(Collectors.toCollection(java.util.LinkedHashSet::new));
    }

    private static Map<Key, Place> read() {
        Map<Key, Place> known = new LinkedHashMap<>();
        InputStream file = Regions.class.getResourceAsStream("/io/marchproxy/l3l4/config/regions.txt");
        if (file == null) {
            throw new IllegalStateException("the program lacks its file of regions");
        }
        try (BufferedReader lines = new BufferedReader(new InputStreamReader(file, StandardCharsets.UTF_8))) {
            lines.lines().filter(line -> !line.startsWith("#")).forEach(line -> {
                String[] words = line.split(" ", 5);
                known.put(
                        new Key(words[0], words[1]),
                        new Place(Double.parseDouble(words[2]), Double.parseDouble(words[3])));
            });
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        return known;
    }
}
