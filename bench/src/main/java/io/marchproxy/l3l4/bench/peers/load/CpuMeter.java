package io.marchproxy.l3l4.bench.peers.load;

import io.marchproxy.l3l4.bench.peers.Proc;
import java.io.IOException;
import java.util.List;
import java.util.Map;

/** CPU time between two moments: of a proxy's processes and of the whole machine. */
final class CpuMeter {
    private final List<Long> pids;
    private final double processBefore;
    private final double machineBefore;

    /** Begins now. */
    CpuMeter(List<Long> pids) throws IOException {
        this.pids = pids;
        processBefore = Proc.cpuSeconds(pids);
        machineBefore = Proc.machineSeconds();
    }

    /** Adds what was used since, in seconds. */
    void stop(Map<String, Double> answer) throws IOException {
        answer.put("cpu", Proc.cpuSeconds(pids) - processBefore);
        answer.put("machine", Proc.machineSeconds() - machineBefore);
    }
}
