package io.marchproxy.l3l4.replay.diff;

import io.marchproxy.l3l4.engine.journal.SessionInfo;
import io.marchproxy.l3l4.stages.packet.Direction;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * All decisions of all shards, counted where they belong: one account for each service, class, backend and direction that
 * occurs, and one for each client. What is shown is summed from these. Takes no memory per packet. One thread.
 */
public final class Ledger {
    private static final int CLASSES = 4;
    private static final int DIRECTIONS = 2;
    private static final int ACCOUNTS = CLASSES * DIRECTIONS;

    /** What became, before and after, of packets of one service, class, backend and direction. */
    private static final class Account {
        private final Lane before = new Lane();
        private final Lane after = new Lane();
    }

    private record Place(int service, int route, int trafficClass, Direction direction) {}

    private final Numbered<String> services = new Numbered<>();
    private final Numbered<Route> routes = new Numbered<>();
    private final Numbered<String> rules = new Numbered<>();
    private final Clients clients = new Clients();
    private final Changes changes = new Changes();
    private final Covered covered = new Covered();

    /** By service, route, and class and direction together. */
    private @Nullable Account[][][] accounts = new Account[0][][];

    private final Tickets tickets = new Tickets();
    private long startedEpochMs;
    private long startedNs;
    private long decisions;
    private long changed;

    /** Nothing counted yet. */
    public Ledger() {
        routes.of(Route.NONE);
        rules.of("none");
    }

    /** The number of a service. */
    public int service(String label) {
        return services.of(label);
    }

    /** The number of a route; {@link Route#NONE} is 0. */
    public int route(Route route) {
        return routes.of(route);
    }

    /** The number of a rule by what it says; 0 is no rule. */
    public int rule(String text) {
        return rules.of(text);
    }

    /** The account of a client's address. */
    public Client client(int ipVersion, long high, long low) {
        return clients.of(ipVersion, high, low);
    }

    /** The account of clients whose address is not known. */
    public Client unknownClient() {
        return clients.others();
    }

    /** From here on times are those of a session. */
    public void begin(SessionInfo session) {
        startedEpochMs = session.startedEpochMs();
        startedNs = session.startedNs();
    }

    /** A session was compared for a stretch of time, in milliseconds since 1970. */
    public void covers(long beginMs, long endMs) {
        covered.add(beginMs, endMs);
    }

    /** Decisions under way. */
    public Tickets tickets() {
        return tickets;
    }

    /** Counts a ticket that is settled, and takes it back. */
    public void settle(Ticket ticket) {
        if (ticket.counts) {
            count(ticket);
        }
        tickets.giveBack(ticket);
    }

    private void count(Ticket ticket) {
        Fate before = ticket.before();
        Fate after = ticket.after();
        account(ticket, before).before.count(ticket, before, epochMs(before.releaseNs));
        account(ticket, after).after.count(ticket, after, epochMs(after.releaseNs));
        boolean isChanged = compare(ticket, before, after);
        decisions += ticket.packets;
        Client client = ticket.client;
        if (client != null) {
            client.decisions += ticket.packets;
            client.before.count(ticket, before);
            client.after.count(ticket, after);
            client.changed += isChanged ? ticket.packets : 0;
        }
        changed += isChanged ? ticket.packets : 0;
    }

    private long epochMs(long ns) {
        return startedEpochMs + (ns - startedNs) / 1_000_000L;
    }

    private boolean compare(Ticket ticket, Fate before, Fate after) {
        boolean isChanged = differ(Aspect.FATE, before.outcome(), after.outcome(), ticket);
        if (before.isClassified() && after.isClassified()) {
            isChanged |= differ(Aspect.CLASS, before.trafficClass, after.trafficClass, ticket);
            isChanged |= differ(Aspect.RULE, before.rule, after.rule, ticket);
        }
        if (before.isForwarded() && after.isForwarded()) {
            isChanged |= differ(Aspect.DSCP, before.dscp, after.dscp, ticket);
            isChanged |= differ(Aspect.ECN, before.isMarked ? 1 : 0, after.isMarked ? 1 : 0, ticket);
            if (before.route != after.route && !routes.get(before.route).isSame(routes.get(after.route))) {
                isChanged |= differ(Aspect.ROUTE, before.route, after.route, ticket);
            }
            if (before.releaseNs != after.releaseNs) {
                isChanged |= differ(Aspect.DELAY, 0, after.releaseNs > before.releaseNs ? 1 : 2, ticket);
            }
        }
        return isChanged;
    }

    private boolean differ(Aspect aspect, int before, int after, Ticket ticket) {
        if (before == after) {
            return false;
        }
        changes.add(aspect, before, after, ticket);
        return true;
    }

    private String words(Aspect aspect, int number) {
        return switch (aspect) {
            case FATE -> Fate.label(number);
            case CLASS -> "P" + number;
            case RULE -> rules.get(number);
            case DSCP -> CodePoint.label(number);
            case ECN -> number == 0 ? "as it came" : "marked CE";
            case ROUTE -> routes.get(number).label();
            case DELAY -> List.of("as recorded", "later", "earlier").get(number);
        };
    }

    private Account account(Ticket ticket, Fate fate) {
        int service = ticket.service;
        if (service >= accounts.length) {
            accounts = grown(accounts, new Account[Math.max(service + 1, 2 * accounts.length)][][]);
        }
        @Nullable Account[][] ofService = accounts[service];
        if (ofService == null || fate.route >= ofService.length) {
            ofService = grown(ofService, new Account[Math.max(fate.route + 1, routes.size())][]);
            accounts[service] = ofService;
        }
        @Nullable Account[] ofRoute = ofService[fate.route];
        if (ofRoute == null) {
            ofRoute = new Account[ACCOUNTS];
            ofService[fate.route] = ofRoute;
        }
        int index = fate.trafficClass * DIRECTIONS + (ticket.toBackend ? 0 : 1);
        Account account = ofRoute[index];
        if (account == null) {
            account = new Account();
            ofRoute[index] = account;
        }
        return account;
    }

    private static <T> T[] grown(T @Nullable [] before, T[] after) {
        if (before != null) {
            System.arraycopy(before, 0, after, 0, before.length);
        }
        return after;
    }

    /** Decisions that are otherwise under the candidate. */
    public long changed() {
        return changed;
    }

    /** Whether no time at all was compared. */
    public boolean isEmpty() {
        return covered.isEmpty();
    }

    /** What was counted. */
    public DiffReport report(Draft draft, int top) {
        double seconds = covered.seconds();
        Map<Place, Account> all = places();
        return new DiffReport(
                draft.subject(covered.beginMs(), covered.endMs(), seconds),
                draft.statements(),
                draft.notes(),
                draft.incomplete(),
                decisions,
                changed,
                rows(all, place -> "", place -> "", seconds, true),
                changes.list(this::words),
                rows(all, place -> services.get(place.service()), place -> "", seconds, true),
                rows(all, place -> "P" + place.trafficClass(), place -> "", seconds, true),
                rows(all, this::routeName, this::routeDetail, seconds, false),
                rows(all, place -> routes.get(place.route()).providerLabel(), place -> "", seconds, false),
                clientRows(top),
                clients.counted());
    }

    private String routeName(Place place) {
        Route route = routes.get(place.route());
        return route.id().isEmpty() ? services.get(place.service()) + " (none)" : route.label();
    }

    private String routeDetail(Place place) {
        Route route = routes.get(place.route());
        return (route.provider() + " " + route.region()).strip();
    }

    private Map<Place, Account> places() {
        Map<Place, Account> all = new LinkedHashMap<>();
        for (int service = 0; service < accounts.length; service++) {
            @Nullable Account[][] ofService = accounts[service];
            for (int route = 0; ofService != null && route < ofService.length; route++) {
                @Nullable Account[] ofRoute = ofService[route];
                for (int i = 0; ofRoute != null && i < ACCOUNTS; i++) {
                    Account account = ofRoute[i];
                    if (account != null) {
                        Direction direction = i % DIRECTIONS == 0 ? Direction.TO_BACKEND : Direction.TO_CLIENT;
                        all.put(new Place(service, route, i / DIRECTIONS, direction), account);
                    }
                }
            }
        }
        return all;
    }

    private static List<Row> rows(
            Map<Place, Account> all,
            Function<Place, String> name,
            Function<Place, String> detail,
            double seconds,
            boolean hasTimelines) {
        record Group(String name, Direction direction) {}
        Map<Group, Account> groups =
                new TreeMap<>(Comparator.comparing(Group::name).thenComparing(Group::direction));
        Map<Group, String> details = new LinkedHashMap<>();
        all.forEach((place, account) -> {
            Group group = new Group(name.apply(place), place.direction());
            Account sum = groups.computeIfAbsent(group, key -> new Account());
            sum.before.add(account.before);
            sum.after.add(account.after);
            details.merge(
                    group,
                    detail.apply(place),
                    (one, other) -> one.equals(other) || one.contains(" / " + other) || other.isEmpty()
                            ? one
                            : one + " / " + other);
        });
        List<Row> rows = new ArrayList<>();
        groups.forEach((group, sum) -> {
            Figures before = sum.before.figures(seconds);
            Figures after = sum.after.figures(seconds);
            if (!before.isEmpty() || !after.isEmpty()) {
                rows.add(new Row(
                        group.name(),
                        details.getOrDefault(group, ""),
                        group.direction(),
                        before,
                        after,
                        hasTimelines ? new Row.Timelines(sum.before.timeline(), sum.after.timeline()) : null));
            }
        });
        return rows;
    }

    private List<ClientRow> clientRows(int top) {
        List<ClientRow> rows = new ArrayList<>();
        clients.top(top).forEach(client -> rows.add(row(client)));
        if (clients.others().decisions > 0) {
            rows.add(row(clients.others()));
        }
        return rows;
    }

    private static ClientRow row(Client client) {
        return new ClientRow(
                client.label(), client.decisions, client.changed, figures(client.before), figures(client.after));
    }

    private static ClientRow.Figures figures(Client.Side side) {
        return new ClientRow.Figures(side.packets, side.bytes, side.dropped, side.delays.figures(), side.bill.cost());
    }
}
