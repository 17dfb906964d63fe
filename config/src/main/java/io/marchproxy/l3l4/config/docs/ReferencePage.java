package io.marchproxy.l3l4.config.docs;

import io.marchproxy.l3l4.config.schema.Catalogue;
import io.marchproxy.l3l4.config.schema.Field;
import io.marchproxy.l3l4.config.schema.Group;
import io.marchproxy.l3l4.config.schema.Groups;
import io.marchproxy.l3l4.config.schema.Key;
import io.marchproxy.l3l4.config.schema.Later;
import io.marchproxy.l3l4.config.schema.ListKey;
import io.marchproxy.l3l4.config.schema.NotYet;
import io.marchproxy.l3l4.config.source.LegacyNames;
import io.marchproxy.l3l4.config.source.Setting;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/** The page docs/CONFIGURATION.md: every key with its type, default and meaning. */
public final class ReferencePage {
    private static final String INTRODUCTION = """
            # Configuration

            <!-- Written from the catalogue of keys; do not edit. Anew: mvn -q -pl config test -Dregenerate-docs=true -->

            One YAML file, read by `run` and `check`; a sample with every part is
            [examples/proxy-l3l4.yaml](examples/proxy-l3l4.yaml). Editors complete and check it by
            [schema/proxy-l3l4.schema.json](schema/proxy-l3l4.schema.json) when its first line is

            ```yaml
            # yaml-language-server: $schema=PATH/TO/proxy-l3l4.schema.json
            ```

            `check` tells every fault at once as `FILE:LINE: what is wrong`; `check --show` prints what holds in the end, each
            value with its source. Flag over environment over file over default.

            - **Durations** take ns, us, ms, s, m, h, d: `200ms`. **Sizes** take B, KB, MB, GB (powers of ten) and KiB, MiB,
              GiB: `256KiB`. **Rates** take bit, kbit, Mbit, Gbit (powers of ten): `100Mbit`.
            - `${NAME}` and `${NAME:-default}` in any value are replaced from the environment; `$${` is a literal `${`.
            - What the design has and this version has not is refused by name; such keys are marked *later*. Keys that
              only tune what is switched off are checked, and wait for it.

            """;

    private final StringBuilder out = new StringBuilder(INTRODUCTION);

    private ReferencePage() {}

    /** The page as Markdown. */
    public static String text() {
        ReferencePage page = new ReferencePage();
        page.section(Catalogue.ROOT, "");
        page.outside();
        page.legacy();
        return page.out.toString();
    }

    private void section(Group group, String path) {
        out.append("## ")
                .append(path.isEmpty() ? "Top level" : "`" + path + "`")
                .append("\n\n");
        out.append(group.meaning()).append("\n\n| key | type | default | meaning |\n|---|---|---|---|\n");
        for (Field field : group.fields()) {
            row(field, path.isEmpty() ? field.name() : path + "." + field.name());
        }
        out.append('\n');
        for (Field field : group.fields()) {
            String inner = path.isEmpty() ? field.name() : path + "." + field.name();
            if (field instanceof Group section) {
                section(section, inner);
            } else if (field instanceof Groups sections) {
                section(sections.item(), inner + "[]");
            }
        }
    }

    private void row(Field field, String path) {
        switch (field) {
            case Key<?> key -> row(key.name(), key.type().words(), otherwise(key), key.meaning() + later(path));
            case ListKey<?> list ->
                row(
                        list.name(),
                        list.type().words() + "; or a list",
                        list.required() ? "*required*" : "none",
                        list.meaning());
            case Group group -> row(group.name(), type(group), group.optional() ? "none" : "", group.meaning());
            case Groups groups -> row(groups.name(), "list of sections", "", groups.meaning());
            case Later key -> row(key.name(), key.words(), "none", key.meaning() + later(path));
        }
    }

    private static String type(Group group) {
        return group.whole() && group.fields().getFirst() instanceof Key<?> key
                ? key.type().words() + ", or section"
                : "section";
    }

    private void row(String name, String type, String otherwise, String meaning) {
        out.append("| `").append(name).append("` | ").append(cell(type)).append(" | ");
        out.append(cell(otherwise)).append(" | ").append(cell(meaning)).append(" |\n");
    }

    private static <T> String otherwise(Key<T> key) {
        if (key.required()) {
            return "*required*";
        }
        T value = key.otherwise();
        return value == null ? String.valueOf(key.note()) : "`" + key.type().write(value) + "`";
    }

    private static String later(String path) {
        return NotYet.row(path).map(row -> " *Later: " + row.release() + ".*").orElse("");
    }

    private static String cell(String text) {
        return text.replace("|", "\\|");
    }

    private void outside() {
        out.append("## Flags and environment\n\n| flag of `run` | environment | key |\n|---|---|---|\n");
        for (Setting setting : Setting.values()) {
            String key = switch (setting) {
                case LISTEN_PORT -> "the port of the one service (8080); refused with several services";
                case BACKEND -> "backends of the one service, repeatable: HOST:PORT";
                case JAEGER_ENDPOINT -> "*later: the observability release*";
                default -> "`" + setting.path() + "`";
            };
            out.append("| ").append(code(setting.flag())).append(" | ").append(code(setting.variable()));
            out.append(" | ").append(key).append(" |\n");
        }
        out.append("""

                Without a file, `--backend HOST:PORT` makes one service `default` that listens on TCP and UDP on all addresses.

                """);
    }

    private void legacy() {
        out.append("""
                ## Keys of the MarchProxy reference proxy

                Taken at the top level of a file that has no `services`, and as environment variables; both describe one
                service. A file's own keys lie beneath `MARCHPROXY_` variables, those beneath the variables above.

                | key | environment | what it has become |
                |---|---|---|
                """);
        LegacyNames.MEANINGS.forEach((name, meaning) -> out.append("| `")
                .append(name)
                .append("` | `MARCHPROXY_")
                .append(name.toUpperCase(Locale.ROOT))
                .append("` | ")
                .append(cell(meaning))
                .append(" |\n"));
    }

    private static String code(@Nullable String text) {
        return text == null ? "" : "`" + text + "`";
    }
}
