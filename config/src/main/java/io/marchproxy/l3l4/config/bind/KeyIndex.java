package io.marchproxy.l3l4.config.bind;

import io.marchproxy.l3l4.config.schema.Catalogue;
import io.marchproxy.l3l4.config.schema.Field;
import io.marchproxy.l3l4.config.schema.Group;
import io.marchproxy.l3l4.config.schema.Groups;
import java.util.HashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** In which section a key is at home, to tell those who wrote it in another. */
final class KeyIndex {
    private static final Map<String, String> SECTIONS = new HashMap<>();

    static {
        add(Catalogue.ROOT, "");
    }

    private KeyIndex() {}

    /** The first section that has a key, or null. */
    static @Nullable String sectionOf(String key) {
        return SECTIONS.get(key);
    }

    private static void add(Group group, String path) {
        for (Field field : group.fields()) {
            SECTIONS.putIfAbsent(field.name(), path.isEmpty() ? "the top level" : path);
        }
        for (Field field : group.fields()) {
            String inner = path.isEmpty() ? field.name() : path + "." + field.name();
            if (field instanceof Group section) {
                add(section, inner);
            } else if (field instanceof Groups sections) {
                add(sections.item(), inner + "[]");
            }
        }
    }
}
