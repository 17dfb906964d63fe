package io.marchproxy.l3l4.replay;

import io.marchproxy.l3l4.replay.diff.Draft;
import io.marchproxy.l3l4.stages.classify.ServiceProfile;
import io.marchproxy.l3l4.stages.pipeline.Names;
import io.marchproxy.l3l4.stages.pipeline.PipelineSettings;
import java.util.List;

/** Tells what of a candidate has no counterpart in a recording, and the other way round. */
final class MatchNotes {
    private MatchNotes() {}

    /**
     * Tells.
     *
     * @param candidate compiled onto the recorded numbers
     */
    static void tell(PipelineSettings recorded, PipelineSettings candidate, Draft draft) {
        List<ServiceProfile> before = recorded.classify().services();
        for (ServiceProfile after : candidate.classify().services()) {
            String label = RecordText.serviceLabel(after);
            if (after.id() >= before.size()) {
                draft.note("service " + label + " is new: nothing was recorded of its own");
            } else if (!after.active() && before.get(after.id()).active()) {
                draft.note("service " + label + " is gone under the candidate: its packets are dropped, no-service");
            } else if (!after.name().equals(before.get(after.id()).name())) {
                draft.note("service " + RecordText.serviceLabel(before.get(after.id())) + " is " + label
                        + " under the candidate, which listens where it did");
            }
        }
        if (recorded.names().equals(Names.NONE)) {
            draft.note(
                    "the recording has no names of backends: none of the candidate's is taken for one of the recorded");
            return;
        }
        for (Names.Backend backend : recorded.names().backends()) {
            boolean isKept = candidate.names().backends().stream().anyMatch(kept -> kept.number() == backend.number());
            if (!isKept
                    && candidate.classify().services().get(backend.service()).active()) {
                draft.note("backend " + label(recorded, backend) + " is gone under the candidate");
            }
        }
        for (Names.Backend backend : candidate.names().backends()) {
            boolean isKnown =
                    recorded.names().backends().stream().anyMatch(known -> known.number() == backend.number());
            if (!isKnown && backend.service() < before.size()) {
                draft.note("backend " + label(candidate, backend)
                        + " is new: it is healthy throughout, and answers as the" + " recorded ones did");
            }
        }
    }

    private static String label(PipelineSettings settings, Names.Backend backend) {
        return backend.id() + " of service "
                + RecordText.serviceLabel(settings.classify().services().get(backend.service()));
    }
}
