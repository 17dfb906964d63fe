package io.marchproxy.l3l4.config.tree;

import io.marchproxy.l3l4.config.fault.Origin;
import java.util.List;

/** A value as written: a scalar, a sequence or a mapping. */
public sealed interface ConfigNode permits ConfigNode.Scalar, ConfigNode.Sequence, Mapping {
    /** Where it stands. */
    Origin origin();

    /** Whether it says nothing: {@code null}, {@code ~} or empty. */
    default boolean isNull() {
        return false;
    }

    /** For messages: a mapping, a list or a value. */
    String kind();

    /**
     * A single value.
     *
     * @param text with its references to the environment replaced
     * @param written before that: what a message may repeat, since the environment may hold secrets
     * @param plain not in quotes
     * @param broken a reference in it could not be replaced, which has been told: no more is to be said of it
     */
    record Scalar(String text, String written, boolean plain, boolean broken, Origin origin) implements ConfigNode {
        /** A value from outside a file. */
        public Scalar(String text, Origin origin) {
            this(text, text, false, false, origin);
        }

        @Override
        public boolean isNull() {
            return plain && !broken && (text.isEmpty() || text.equals("~") || text.equals("null"));
        }

        /** The same value under an older name or from another place. */
        public Scalar at(Origin other) {
            return new Scalar(text, written, plain, broken, other);
        }

        /** The same place with another text, from which what is written differs as before. */
        public Scalar withText(String other) {
            return new Scalar(other, referring() ? written : other, false, broken, origin);
        }

        /** Whether the environment has a part in the text. */
        public boolean referring() {
            return !text.equals(written);
        }

        @Override
        public String kind() {
            return "a value";
        }
    }

    /** A list. */
    record Sequence(List<ConfigNode> items, Origin origin) implements ConfigNode {
        public Sequence {
            items = List.copyOf(items);
        }

        @Override
        public String kind() {
            return "a list";
        }
    }
}
