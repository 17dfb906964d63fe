package io.marchproxy.l3l4.config.schema;

/** One entry of the catalogue: a key and what may stand behind it. */
public sealed interface Field permits Key, ListKey, Group, Groups, Later {
    /** The key's name within its section. */
    String name();

    /** One sentence for the reference page and the editor. */
    String meaning();
}
