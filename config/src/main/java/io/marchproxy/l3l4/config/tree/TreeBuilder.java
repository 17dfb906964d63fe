package io.marchproxy.l3l4.config.tree;

import io.marchproxy.l3l4.config.fault.Faults;
import io.marchproxy.l3l4.config.fault.Origin;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import org.snakeyaml.engine.v2.events.AliasEvent;
import org.snakeyaml.engine.v2.events.Event;
import org.snakeyaml.engine.v2.events.MappingStartEvent;
import org.snakeyaml.engine.v2.events.NodeEvent;
import org.snakeyaml.engine.v2.events.ScalarEvent;
import org.snakeyaml.engine.v2.events.SequenceStartEvent;
import org.snakeyaml.engine.v2.exceptions.Mark;

/**
 * Builds the tree from the parser's events. Depth and size are bounded here, with every use of an alias counted as often
 * as it expands, so that neither a deeply nested file nor nested aliases can exhaust the stack or the memory.
 */
final class TreeBuilder {
    private static final int DEEPEST = 32;
    private static final int MOST_NODES = 1_000_000;

    /** Ends reading after a fault behind which nothing can be understood. */
    private static final class StopException extends RuntimeException {
        private static final long serialVersionUID = 1L;

        StopException() {
            super(null, null, false, false);
        }
    }

    private record Anchored(ConfigNode node, int nodes) {}

    private final String file;
    private final Faults faults;
    private final References references;
    private final Map<String, Anchored> anchors = new HashMap<>();
    private int nodes;

    TreeBuilder(String file, Faults faults, References references) {
        this.file = file;
        this.faults = faults;
        this.references = references;
    }

    Optional<Mapping> build(Iterator<Event> events) {
        Mapping root = null;
        int documents = 0;
        try {
            while (events.hasNext()) {
                Event event = events.next();
                if (event.getEventId() == Event.ID.DocumentStart && ++documents > 1) {
                    faults.add(at(event), "a second YAML document begins; the configuration is one document");
                    break;
                }
                if (event instanceof NodeEvent start) {
                    root = root(node(events, start, "", 0));
                }
            }
        } catch (StopException _) {
            return Optional.empty();
        }
        if (documents == 0) {
            faults.add(new Origin.Line(file, 1), "the file is empty; a configuration has at least services:");
        }
        return Optional.ofNullable(root);
    }

    private @Nullable Mapping root(ConfigNode node) {
        if (node instanceof Mapping mapping) {
            return mapping;
        }
        String found = node.isNull() ? "nothing" : node.kind();
        faults.add(
                node.origin(), "the file holds " + found + ", but a configuration is a mapping such as services: […]");
        return null;
    }

    private ConfigNode node(Iterator<Event> events, NodeEvent start, String path, int depth) {
        if (depth > DEEPEST) {
            throw stop(at(start), "nested more than " + DEEPEST + " deep");
        }
        count(1, at(start));
        if (start instanceof AliasEvent alias) {
            return alias(alias);
        }
        int before = nodes;
        ConfigNode node = switch (start) {
            case ScalarEvent scalar -> scalar(scalar, path);
            case SequenceStartEvent sequence -> sequence(events, sequence, path, depth);
            case MappingStartEvent mapping -> mapping(events, mapping, path, depth);
            default -> throw stop(at(start), "no valid YAML");
        };
        start.getAnchor().ifPresent(anchor -> anchors.put(anchor.getValue(), new Anchored(node, nodes - before + 1)));
        return node;
    }

    private ConfigNode alias(AliasEvent alias) {
        String name = alias.getAlias().getValue();
        Anchored anchored = anchors.get(name);
        if (anchored == null) {
            throw stop(at(alias), "the alias *" + Quote.shorten(name) + " has no finished anchor before it");
        }
        count(anchored.nodes, at(alias));
        return anchored.node;
    }

    private ConfigNode scalar(ScalarEvent event, String path) {
        Origin origin = at(event);
        checkTag(event.getTag(), origin, path);
        String written = event.getValue();
        String text = references.replace(written, origin, path);
        return new ConfigNode.Scalar(text == null ? "" : text, written, event.isPlain(), text == null, origin);
    }

    private ConfigNode sequence(Iterator<Event> events, SequenceStartEvent start, String path, int depth) {
        checkTag(start.getTag(), at(start), path);
        List<ConfigNode> items = new ArrayList<>();
        for (Event event = events.next(); event instanceof NodeEvent item; event = events.next()) {
            items.add(node(events, item, path + "[" + items.size() + "]", depth + 1));
        }
        return new ConfigNode.Sequence(items, at(start));
    }

    private ConfigNode mapping(Iterator<Event> events, MappingStartEvent start, String path, int depth) {
        checkTag(start.getTag(), at(start), path);
        Mapping mapping = new Mapping(at(start));
        for (Event event = events.next(); event instanceof NodeEvent keyEvent; event = events.next()) {
            String key = key(events, keyEvent, path, depth);
            String keyPath = path.isEmpty() ? key : path + "." + key;
            ConfigNode value = node(events, (NodeEvent) events.next(), keyPath, depth + 1);
            if (!(keyEvent instanceof ScalarEvent)) {
                faults.add(at(keyEvent), path, "a key must be a plain word");
            } else if (mapping.get(key) == null) {
                mapping.put(key, at(keyEvent), value);
            } else {
                String first = mapping.keyOrigin(key).place();
                faults.add(
                        at(keyEvent),
                        Quote.shorten(keyPath) + ": given twice, first in line " + first.substring(file.length() + 1));
            }
        }
        return mapping;
    }

    private String key(Iterator<Event> events, NodeEvent event, String path, int depth) {
        if (event instanceof ScalarEvent scalar) {
            count(1, at(event));
            return scalar.getValue();
        }
        node(events, event, path, depth + 1);
        return "";
    }

    private void checkTag(Optional<String> tag, Origin origin, String path) {
        if (tag.isPresent() && !tag.get().startsWith("tag:yaml.org,2002:")) {
            faults.add(origin, path, "the tag " + Quote.shorten(tag.get()) + " has no meaning here");
        }
    }

    private void count(int more, Origin origin) {
        nodes += more;
        if (nodes > MOST_NODES) {
            throw stop(origin, "more than a million values, aliases counted as often as they are used");
        }
    }

    private StopException stop(Origin origin, String message) {
        faults.add(origin, message);
        return new StopException();
    }

    private Origin at(Event event) {
        return new Origin.Line(file, event.getStartMark().map(Mark::getLine).orElse(0) + 1);
    }
}
