package io.marchproxy.l3l4.engine;

import io.marchproxy.l3l4.config.settings.ProxySettings;
import io.marchproxy.l3l4.engine.journal.JournalException;
import io.marchproxy.l3l4.engine.journal.JournalStatus;
import io.marchproxy.l3l4.engine.journal.Journals;
import io.marchproxy.l3l4.engine.settings.CompiledSettings;
import io.marchproxy.l3l4.engine.shard.DistinctErrors;
import io.marchproxy.l3l4.engine.shard.SessionSource;
import io.marchproxy.l3l4.engine.shard.Shard;
import io.marchproxy.l3l4.engine.shard.ShardJournals;
import io.marchproxy.l3l4.engine.state.FlowStateException;
import io.marchproxy.l3l4.engine.state.FlowStates;
import io.marchproxy.l3l4.engine.status.StatusReport.FlowStateReport;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** What outlives a service, as far as it is configured: the shards' journals, and the flow state. */
final class DurableFiles implements AutoCloseable {
    /** Sessions that shards are told of in one go; what is recorded of them takes less than a quarter of a journal's ring. */
    private static final int RESTORED_AT_ONCE = 8192;

    private static final Logger LOG = LoggerFactory.getLogger(DurableFiles.class);

    private final @Nullable Journals journals;
    private final @Nullable FlowStates states;

    private DurableFiles(@Nullable Journals journals, @Nullable FlowStates states) {
        this.journals = journals;
        this.states = states;
    }

    /**
     * Opens what is configured.
     *
     * @throws JournalException when the journals' folder can't be used
     * @throws FlowStateException when the flow state's can't; nothing is left open then
     */
    static DurableFiles open(ProxySettings settings, CompiledSettings compiled, int shards)
            throws JournalException, FlowStateException {
        Journals journals = Journals.open(settings.dataDir(), settings.engine().journal(), shards);
        try {
            return new DurableFiles(journals, FlowStates.open(settings, compiled));
        } catch (FlowStateException e) {
            new DurableFiles(journals, null).close();
            throw e;
        }
    }

    /** What shards tell of their events. */
    ShardJournals ofShards() {
        if (journals == null) {
            return states == null ? ShardJournals.NONE : states;
        }
        return states == null ? journals : ShardJournals.both(journals, states);
    }

    /** All shards are there. */
    void start() {
        if (journals != null) {
            journals.start();
        }
    }

    /** What is remembered of UDP sessions, every shard knows before the first packet comes. */
    void restore(List<Shard> shards, DistinctErrors errors) {
        if (states == null) {
            return;
        }
        SessionSource sessions = states.sessions();
        boolean allKnow = true;
        for (int from = 0; from < sessions.count(); from += RESTORED_AT_ONCE) {
            allKnow &= tell(shards, sessions, from, errors);
            if (journals != null) {
                journals.awaitRoom();
            }
        }
        if (sessions.count() > 0) {
            LOG.info("flow state: {} UDP sessions may go on at their backends", sessions.count());
        }
        if (allKnow) {
            states.restored();
        }
    }

    /** False when a shard is late: it has them in its ring still, in order before any packet, and their memory must stay. */
    private static boolean tell(List<Shard> shards, SessionSource sessions, int from, DistinctErrors errors) {
        int to = Math.min(from + RESTORED_AT_ONCE, sessions.count());
        return Answers.await(
                shards.stream().map(shard -> shard.restore(sessions, from, to)).toList(),
                "a shard is late to know its sessions",
                errors);
    }

    /** A configuration is about to be in force: shards may know its numbers from now on. */
    void know(CompiledSettings next) {
        if (states != null) {
            states.know(next);
        }
    }

    List<JournalStatus> journals() {
        return journals == null ? List.of() : journals.status();
    }

    /** Null when no flow state is kept. */
    @Nullable
    FlowStateReport flowState(List<Shard> shards) {
        if (states == null) {
            return null;
        }
        return new FlowStateReport(
                states.status(),
                shards.stream()
                        .mapToLong(shard -> shard.pipeline().remembered().found())
                        .sum(),
                shards.stream()
                        .mapToLong(shard -> shard.pipeline().remembered().waiting())
                        .sum());
    }

    /** The service ends: what shards still hand over waits for room rather than to be lost. */
    void closing() {
        if (states != null) {
            states.closing();
        }
    }

    /** The shards' threads have ended. */
    @Override
    public void close() {
        if (journals != null) {
            journals.close();
        }
        if (states != null) {
            states.close();
        }
    }
}
