package io.marchproxy.l3l4.stages.classify;

import java.util.AbstractList;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.RandomAccess;
import org.jspecify.annotations.Nullable;

/**
 * Rules in their order, and what finds the first that matches. It is built here, when settings are made, and shared by all shards: so no
 * shard waits for it when rules change. Immutable; any thread.
 */
public final class RuleList extends AbstractList<ClassifyRule> implements RandomAccess {
    /** A descriptor has 16 bits for a rule, and 0 for none. */
    public static final int MOST_RULES = 65_535;

    private final List<ClassifyRule> rules;
    private final RuleTable.Rules ofAny;
    private final Map<String, RuleTable.Rules> ofServices = new HashMap<>();
    private final boolean countsFlows;

    private RuleList(List<ClassifyRule> rules) {
        if (rules.size() > MOST_RULES) {
            throw new IllegalArgumentException(rules.size() + " rules are more than " + MOST_RULES);
        }
        this.rules = List.copyOf(rules);
        RuleColumns columns = new RuleColumns(rules);
        Map<@Nullable String, List<Integer>> byService = new HashMap<>();
        for (int i = 0; i < rules.size(); i++) {
            byService
                    .computeIfAbsent(rules.get(i).service(), missing -> new ArrayList<>())
                    .add(i);
        }
        List<Integer> unnamed = byService.remove(null);
        ofAny = rules(columns, unnamed == null ? List.of() : unnamed);
        byService.forEach((name, places) -> {
            if (name != null) {
                ofServices.put(name, rules(columns, places));
            }
        });
        countsFlows = rules.stream().anyMatch(rule -> rule.clientFlows() != null);
    }

    /** A list with these rules; itself, if it is one. */
    static RuleList of(List<ClassifyRule> rules) {
        return rules instanceof RuleList list ? list : new RuleList(rules);
    }

    private RuleTable.Rules rules(RuleColumns columns, List<Integer> places) {
        return new RuleTable.Rules(
                rules, columns, places.stream().mapToInt(Integer::intValue).toArray());
    }

    /** The rules that are for a service. */
    RuleTable table(String service) {
        RuleTable.Rules own = ofServices.get(service);
        return new RuleTable(own == null ? List.of(ofAny) : List.of(own, ofAny));
    }

    /** Whether any rule asks how many flows a client has. */
    boolean countsFlows() {
        return countsFlows;
    }

    /** Bytes that the search takes, about. */
    public long bytes() {
        return (long) rules.size() * RuleColumns.bytesPerRule()
                + ofAny.bytes()
                + ofServices.values().stream().mapToLong(RuleTable.Rules::bytes).sum();
    }

    @Override
    public ClassifyRule get(int index) {
        return rules.get(index);
    }

    @Override
    public int size() {
        return rules.size();
    }
}
