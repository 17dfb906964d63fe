package io.marchproxy.l3l4.replay.diff;

import java.util.List;

/**
 * What would have been otherwise.
 *
 * @param statements how to read it: what a replay can say and what not
 * @param notes about this recording and this candidate
 * @param totals of all traffic, by direction
 * @param changes by kind
 * @param services rows by service and direction; likewise the others
 * @param clients the first of them, by changed decisions
 * @param clientsCounted clients that were told apart
 * @param incomplete why it ends before the recording does; empty when it does not
 */
public record DiffReport(
        Subject subject,
        List<String> statements,
        List<String> notes,
        List<String> incomplete,
        long decisions,
        long changed,
        List<Row> totals,
        List<Change> changes,
        List<Row> services,
        List<Row> classes,
        List<Row> routes,
        List<Row> providers,
        List<ClientRow> clients,
        long clientsCounted) {

    /**
     * What was compared.
     *
     * @param recording where it is
     * @param recorded hashes of the configurations that were in force
     * @param candidate its file
     * @param candidateHash of its effective configuration
     * @param beginMs when the time that was compared begins, in milliseconds since 1970
     * @param endMs when it ends
     * @param seconds within that when the service ran
     * @param sessions starts of the service; shards have theirs together
     */
    public record Subject(
            String recording,
            List<String> recorded,
            String candidate,
            String candidateHash,
            long beginMs,
            long endMs,
            double seconds,
            int shards,
            int sessions,
            long events) {
        public Subject {
            recorded = List.copyOf(recorded);
        }
    }

    public DiffReport {
        statements = List.copyOf(statements);
        notes = List.copyOf(notes);
        incomplete = List.copyOf(incomplete);
        totals = List.copyOf(totals);
        changes = List.copyOf(changes);
        services = List.copyOf(services);
        classes = List.copyOf(classes);
        routes = List.copyOf(routes);
        providers = List.copyOf(providers);
        clients = List.copyOf(clients);
    }
}
