package io.marchproxy.l3l4.bench.faults;

import java.util.List;

/**
 * How clients fared after one fault.
 *
 * @param thereNs from just before the fault until it was there in full: what killing a process takes, for one
 * @param firstNs from the fault to the first answer by the other backend; {@link #NEVER} when none came
 * @param cleanNs from the fault to the last request that suffered: was not answered, or not within 100 ms
 * @param lost requests without an answer that began after the fault was there in full
 * @param lostInFlight requests without an answer that were under way then
 */
record Recovery(long thereNs, long firstNs, long cleanNs, int lost, int lostInFlight) {
    static final long NEVER = 10_000_000_000L;

    /** So many requests in a row, answered as quickly as before, say that it is over. */
    static final int IN_A_ROW = 40;

    /**
     * Reads it off what became of the requests.
     *
     * @param faultNs when the fault was about to begin
     * @param thereNs when it was there in full
     * @param other name of the backend that is well
     */
    static Recovery of(List<Request> requests, long faultNs, long thereNs, String other) {
        long first = NEVER;
        long clean = 0;
        int lost = 0;
        int lostInFlight = 0;
        for (Request request : requests) {
            if (request.endedNs() - faultNs < 0) {
                continue;
            }
            if (request.by().equals(other)) {
                first = Math.min(first, request.endedNs() - faultNs);
            }
            if (request.startedNs() - faultNs >= 0 && suffers(request)) {
                clean = Math.max(clean, request.startedNs() - faultNs);
            }
            if (!request.isAnswered()) {
                if (request.startedNs() - thereNs > 0) {
                    lost++;
                } else {
                    lostInFlight++;
                }
            }
        }
        return new Recovery(thereNs - faultNs, first, clean, lost, lostInFlight);
    }

    /** Whether clients are served by the other backend as they were before. */
    static boolean isOver(List<Request> requests, long faultNs, String other) {
        List<Request> since = requests.stream()
                .filter(request -> request.startedNs() - faultNs > 0 && request.isAnswered())
                .toList();
        return since.size() >= IN_A_ROW
                && since.subList(since.size() - IN_A_ROW, since.size()).stream()
                        .allMatch(request -> request.by().equals(other) && !suffers(request));
    }

    private static boolean suffers(Request request) {
        return !request.isAnswered() || request.tookNs() > Requests.SUFFERS_NS;
    }
}
