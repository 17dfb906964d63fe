package io.marchproxy.l3l4.replay.diff;

import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;

/** What a report says beside its numbers, gathered while the recording is read. */
public final class Draft {
    private static final List<String> STATEMENTS = List.of(
            "What came in is as recorded, in bytes and time: clients and backends don't react to the candidate. TCP is open loop:"
                    + " a sender that is held back goes on as if it were not, so its delays and what waits are worse here than"
                    + " they would be.",
            "What backends answered is as recorded too, whichever backend the candidate chooses, and is counted and billed at the"
                    + " one that it chooses. An answer to what waits still under the candidate has no backend yet, (none). A connect that"
                    + " failed is believed of the backend that it failed at alone.",
            "A packet whose flow is not there under the candidate is dropped, flow-gone or no-service, as are the answers to it.",
            "Billed are the bytes that leave a backend (towards the client), those that are dropped afterwards included:"
                    + " cost-per-gb for each 10^9 bytes, before at the recorded price, after at the candidate's.",
            "Connections refused by max-connections and accept-rate-per-client are as recorded. The engine section of the candidate"
                    + " is not looked at: shards and the size of the flow table are as recorded. Reloads within the recording"
                    + " change nothing under the candidate, which holds from the first event on. Shards share rates as they did;"
                    + " a rate that was not recorded they share evenly.");

    private final String recording;
    private final String candidate;
    private final String candidateHash;
    private final Set<String> recorded = new LinkedHashSet<>();
    private final Set<String> notes = new LinkedHashSet<>();
    private final List<String> incomplete = new ArrayList<>();
    private int shards;
    private int sessions;
    private long events;

    /**
     * A draft.
     *
     * @param recording where it is
     * @param candidate its file
     */
    public Draft(String recording, String candidate, String candidateHash) {
        this.recording = recording;
        this.candidate = candidate;
        this.candidateHash = candidateHash;
    }

    /** A configuration was in force. */
    public void recorded(String hash) {
        recorded.add(hash);
    }

    /** Something to know; told once. */
    public void note(String text) {
        notes.add(text);
    }

    /** Why something is missing. */
    public void incomplete(String text) {
        incomplete.add(text);
    }

    /** A shard was compared. */
    public void shard(int sessionCount, long eventCount) {
        shards++;
        sessions = Math.max(sessions, sessionCount);
        events += eventCount;
    }

    /** Whether something is missing. */
    public boolean isIncomplete() {
        return !incomplete.isEmpty();
    }

    List<String> statements() {
        return STATEMENTS;
    }

    /** What was noted. */
    public List<String> notes() {
        return List.copyOf(notes);
    }

    /** What is missing, and why. */
    public List<String> incomplete() {
        return List.copyOf(incomplete);
    }

    DiffReport.Subject subject(long beginMs, long endMs, double seconds) {
        return new DiffReport.Subject(
                recording,
                List.copyOf(recorded),
                candidate,
                candidateHash,
                beginMs,
                endMs,
                seconds,
                shards,
                sessions,
                events);
    }
}
