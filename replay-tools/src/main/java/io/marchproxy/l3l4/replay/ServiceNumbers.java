package io.marchproxy.l3l4.replay;

import io.marchproxy.l3l4.replay.diff.Ledger;
import io.marchproxy.l3l4.stages.classify.ServiceProfile;
import io.marchproxy.l3l4.stages.pipeline.PipelineSettings;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/** Recorded services: what the report calls each, and its number in the ledger. Both sides are told of under these names. */
final class ServiceNumbers {
    private final Ledger ledger;
    private final int begun;
    private final List<String> labels = new ArrayList<>();
    private int[] numbers = {};

    ServiceNumbers(Ledger ledger, PipelineSettings first) {
        this.ledger = ledger;
        this.begun = first.classify().services().size();
        take(first);
    }

    /** Takes in a snapshot that came into force in the recording. */
    void take(PipelineSettings recorded) {
        for (ServiceProfile service : recorded.classify().services()) {
            if (service.id() == labels.size()) {
                labels.add(RecordText.serviceLabel(service));
                numbers = Arrays.copyOf(numbers, labels.size());
                numbers[service.id()] = ledger.service(labels.get(service.id()));
            }
        }
    }

    String label(int service) {
        return service < labels.size() ? labels.get(service) : "service " + service;
    }

    /** What a service of the candidate is called: as the recorded one in whose place it stands. */
    String labelUnder(PipelineSettings candidate, int service) {
        return service < begun
                ? label(service)
                : RecordText.serviceLabel(candidate.classify().services().get(service));
    }

    /** Its number in the ledger. */
    int ofLedger(int service) {
        return service < numbers.length ? numbers[service] : ledger.service(label(service));
    }
}
