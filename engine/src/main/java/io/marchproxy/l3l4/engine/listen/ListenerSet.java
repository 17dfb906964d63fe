package io.marchproxy.l3l4.engine.listen;

import io.marchproxy.l3l4.engine.shard.Listener;
import io.marchproxy.l3l4.engine.shard.ListenerSpec;
import io.marchproxy.l3l4.engine.shard.Shard;
import java.net.InetSocketAddress;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.BiConsumer;
import java.util.stream.Collectors;

/**
 * The listeners in force, each on every shard (by SO_REUSEPORT). A change goes in three steps: {@link #prepare} binds what is
 * new and may fail with nothing changed; {@link #commit} starts it, hands new settings to what stays and closes what goes.
 * Not safe for use by several threads, but for {@link #addresses}.
 */
public final class ListenerSet {
    private final List<Shard> shards;
    private final ListenerOpener opener;
    private final BiConsumer<ListenerSpec, List<Listener>> whenBound;
    private final Map<Integer, Group> groups = new LinkedHashMap<>();
    private volatile Map<Integer, List<InetSocketAddress>> bound = Map.of();

    private record Group(ListenerSpec spec, List<Listener> listeners) {
        /**
         * The last first: where another group has joined the port, the kernel fills each hole with the last socket of all, and
         * so leaves that group in the order of the shards, by which connections are steered.
         */
        void close() {
            listeners.reversed().forEach(Listener::close);
        }
    }

    /** What was bound for a change that is not in force yet. */
    public static final class Change {
        private final List<ListenerSpec> specs;
        private final Map<Integer, Group> opened;

        private Change(List<ListenerSpec> specs, Map<Integer, Group> opened) {
            this.specs = specs;
            this.opened = opened;
        }

        /** Gives the new addresses back. */
        public void abandon() {
            opened.values().forEach(Group::close);
        }
    }

    /** An empty set. */
    public ListenerSet(List<Shard> shards, ListenerOpener opener) {
        this(shards, opener, (_, _) -> {});
    }

    /**
     * An empty set.
     *
     * @param whenBound is told of each address once it is bound on all shards, with the listeners in the shards' order
     */
    public ListenerSet(List<Shard> shards, ListenerOpener opener, BiConsumer<ListenerSpec, List<Listener>> whenBound) {
        this.shards = List.copyOf(shards);
        this.opener = opener;
        this.whenBound = whenBound;
    }

    /**
     * Binds every address that is not listened on yet.
     *
     * @throws ListenException for the first that can't be bound; the others are given back
     */
    public Change prepare(List<ListenerSpec> specs) throws ListenException {
        Map<Integer, Group> opened = new LinkedHashMap<>();
        Change change = new Change(List.copyOf(specs), opened);
        for (ListenerSpec spec : specs) {
            if (!groups.containsKey(spec.listener())) {
                List<Listener> listeners = new ArrayList<>();
                opened.put(spec.listener(), new Group(spec, listeners));
                try {
                    open(spec, listeners);
                } catch (ListenException | RuntimeException e) {
                    change.abandon();
                    throw e;
                }
            }
        }
        return change;
    }

    /** Puts a prepared change into force. */
    public void commit(Change change) {
        Set<Integer> wanted = new HashSet<>();
        for (ListenerSpec spec : change.specs) {
            wanted.add(spec.listener());
            Group group = groups.get(spec.listener());
            if (group != null) {
                group.listeners().forEach(listener -> listener.update(spec.settings()));
                groups.put(spec.listener(), new Group(spec, group.listeners()));
            }
        }
        change.opened.forEach((number, group) -> {
            groups.put(number, group);
            group.listeners().forEach(Listener::start);
        });
        for (Integer number : List.copyOf(groups.keySet())) {
            if (!wanted.contains(number)) {
                Group gone = groups.remove(number);
                if (gone != null) {
                    gone.close();
                }
            }
        }
        publishAddresses();
    }

    /** Stops listening everywhere. */
    public void closeAll() {
        groups.values().forEach(Group::close);
        groups.clear();
        publishAddresses();
    }

    /** The bound addresses of a pipeline service, as the first shard has them. Any thread. */
    public List<InetSocketAddress> addresses(int service) {
        return bound.getOrDefault(service, List.of());
    }

    private void publishAddresses() {
        bound = groups.values().stream()
                .collect(Collectors.groupingBy(
                        group -> group.spec().service(),
                        Collectors.mapping(group -> group.listeners().getFirst().address(), Collectors.toList())));
    }

    private void open(ListenerSpec spec, List<Listener> listeners) throws ListenException {
        ListenerSpec bound = spec;
        for (Shard shard : shards) {
            Listener listener = opener.open(shard, bound);
            listeners.add(listener);
            if (spec.address().getPort() == 0) {
                // A free port was taken by the first shard; the others join it there.
                InetSocketAddress same = new InetSocketAddress(
                        spec.address().getAddress(), listener.address().getPort());
                bound = new ListenerSpec(spec.listener(), spec.service(), same, spec.settings());
            }
        }
        whenBound.accept(bound, List.copyOf(listeners));
    }
}
