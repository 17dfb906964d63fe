package io.marchproxy.l3l4.stages.classify;

import io.marchproxy.l3l4.stages.flow.FlowTable;
import io.marchproxy.l3l4.stages.pipeline.StateReader;
import io.marchproxy.l3l4.stages.pipeline.StateWriter;

/** What a shard knows of one service: its profile, its rules, and its UDP sessions against their cap. */
final class ServiceState {
    private static final int NO_QUOTA = -1;

    private final SessionList sessions;
    private ServiceProfile profile;
    private RuleTable rules;
    private int quota = NO_QUOTA;

    /** The number of sessions for other threads; the list's own size belongs to the pipeline's thread. */
    private volatile int publishedSessions;

    ServiceState(ServiceProfile profile, RuleList rules, FlowTable flows) {
        this.profile = profile;
        this.rules = rules.table(profile.name());
        this.sessions = new SessionList(flows);
    }

    /** Takes over another snapshot's settings; sessions and quota stay. */
    void apply(ServiceProfile newProfile, RuleList newRules) {
        if (newProfile.isIp() != profile.isIp()) {
            throw new IllegalArgumentException(
                    "service " + profile.name() + " can't turn from a relay into one of IP packets");
        }
        profile = newProfile;
        rules = newRules.table(newProfile.name());
    }

    ServiceProfile profile() {
        return profile;
    }

    RuleTable rules() {
        return rules;
    }

    /** Sets this shard's share of the session cap. */
    void quota(int value) {
        quota = value;
    }

    /** Sessions that this shard may have: its share, or the whole cap as long as no share was told. */
    int cap() {
        return quota == NO_QUOTA ? profile.sessionCap() : Math.min(quota, profile.sessionCap());
    }

    SessionList sessions() {
        return sessions;
    }

    void add(int slot, long entry) {
        sessions.append(slot, entry);
        publishedSessions = sessions.size();
    }

    void remove(long entry) {
        sessions.remove(entry);
        publishedSessions = sessions.size();
    }

    void save(StateWriter to) {
        to.number(quota);
        sessions.save(to);
    }

    void restore(StateReader from) {
        quota = from.number(NO_QUOTA, Integer.MAX_VALUE);
        sessions.restore(from);
        publishedSessions = sessions.size();
    }

    /** Sessions at present, for any thread. */
    int publishedSessions() {
        return publishedSessions;
    }
}
