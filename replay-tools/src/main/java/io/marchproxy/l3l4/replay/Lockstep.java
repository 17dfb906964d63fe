package io.marchproxy.l3l4.replay;

import io.marchproxy.l3l4.config.settings.ProxySettings;
import io.marchproxy.l3l4.engine.journal.JournalException;
import io.marchproxy.l3l4.engine.journal.SessionInfo;
import io.marchproxy.l3l4.engine.settings.SettingsCompiler;
import io.marchproxy.l3l4.engine.settings.SettingsException;
import io.marchproxy.l3l4.replay.diff.Draft;
import io.marchproxy.l3l4.replay.diff.Ledger;
import io.marchproxy.l3l4.stages.pipeline.PipelineSettings;
import org.jspecify.annotations.Nullable;

/**
 * Runs a candidate beside what is verified, event by event, and has the ledger count what became of each under both. One
 * shard's; sessions come one after the other.
 */
final class Lockstep implements Verification.Companion {
    private final ProxySettings candidate;
    private final Ledger ledger;
    private final Draft draft;
    private final CountedTime counted;
    private @Nullable SideBySide session;
    private @Nullable SessionInfo begun;
    private long begunNs;

    /**
     * A run beside one verification.
     *
     * @param counted which arrivals are counted
     */
    Lockstep(ProxySettings candidate, Ledger ledger, Draft draft, CountedTime counted) {
        this.candidate = candidate;
        this.ledger = ledger;
        this.draft = draft;
        this.counted = counted;
    }

    @Override
    public boolean runs() {
        return true;
    }

    @Override
    public void begins(SessionInfo info, Replay recorded, Replay own, long beganNs) throws JournalException {
        PipelineSettings settings;
        try {
            settings = SettingsCompiler.goingOnFrom(info.settings(), candidate)
                    .compile(candidate)
                    .pipeline();
        } catch (SettingsException e) {
            own.close();
            throw new JournalException("the candidate: " + e.getMessage());
        }
        if (IpServices.isImported(info.settings())) {
            settings = IpServices.instead(info.settings(), settings);
        }
        begun = info;
        begunNs = beganNs;
        draft.recorded(info.settings().hash());
        MatchNotes.tell(info.settings(), settings, draft);
        ledger.begin(info);
        session = new SideBySide(info, settings, recorded, own, beganNs, ledger, counted);
    }

    @Override
    public @Nullable Object arrives(long record) {
        SideBySide running = session;
        return running == null ? null : running.arrives(record);
    }

    @Override
    public @Nullable String repeated(@Nullable PipelineSettings brings) {
        SideBySide running = session;
        if (running == null) {
            return null;
        }
        if (brings != null) {
            draft.recorded(brings.hash());
        }
        return running.repeated(brings);
    }

    @Override
    public void ends(long lastNs) {
        SideBySide running = session;
        SessionInfo info = begun;
        if (running != null && info != null) {
            running.ends();
            running.close();
            session = null;
            long lastMs = info.epochMs(Math.max(lastNs, begunNs));
            ledger.covers(counted.notBefore(info.epochMs(begunNs)), counted.notAfter(lastMs));
        }
    }

    @Override
    public void close() {
        SideBySide running = session;
        if (running != null) {
            running.close();
            session = null;
        }
    }
}
