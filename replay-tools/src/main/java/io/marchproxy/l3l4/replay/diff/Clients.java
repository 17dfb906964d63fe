package io.marchproxy.l3l4.replay.diff;

import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/** Clients by address, up to a bound: those that come later are summed as one. */
final class Clients {
    /** Known one by one at the most. */
    static final int MOST = 16_384;

    private final Map<Client.Key, Client> known = new HashMap<>();
    private final Client others = new Client(new Client.Key(0, 0, 0));

    Client of(int ipVersion, long high, long low) {
        Client.Key key = new Client.Key(ipVersion, high, low);
        Client client = known.get(key);
        if (client == null) {
            if (known.size() == MOST) {
                return others;
            }
            client = new Client(key);
            known.put(key, client);
        }
        return client;
    }

    /** Those with the most changed decisions; of as many, with the most bytes. */
    List<Client> top(int count) {
        return known.values().stream()
                .filter(client -> client.decisions > 0)
                .sorted(Comparator.comparingLong((Client client) -> -client.changed)
                        .thenComparingLong(client -> -client.before.bytes - client.after.bytes)
                        .thenComparing(Client::label))
                .limit(count)
                .toList();
    }

    /** How many are known one by one. */
    long counted() {
        return known.values().stream().filter(client -> client.decisions > 0).count();
    }

    /** All that came after the bound was reached. */
    Client others() {
        return others;
    }
}
