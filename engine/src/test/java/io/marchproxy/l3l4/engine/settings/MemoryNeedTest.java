package io.marchproxy.l3l4.engine.settings;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.marchproxy.l3l4.config.settings.EngineSettings;
import io.marchproxy.l3l4.config.settings.EngineSettings.Mode;
import io.marchproxy.l3l4.config.settings.FlowStateSettings;
import io.marchproxy.l3l4.config.settings.JournalSettings;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.Test;

class MemoryNeedTest {
    private static final long GB = 1_000_000_000;
    private static final int CPUS = 4;

    @Test
    void shouldFindTheDefaultsSoundOnASmallMachine() {
        assertEquals(List.of(), MemoryNeed.faults(EngineSettings.DEFAULT, CPUS, GB, 2 * GB));
    }

    @Test
    void shouldNameTheKeysThatTheHeapCannotHold() {
        assertEquals(
                List.of(
                        "engine.shards and engine.ring-size (256 x 1048576 slots) take more than 6.4 GB of the JVM's heap,"
                                + " which may have 1.0 GB: lower one of them, or raise the heap by -Xmx in JAVA_OPTS"),
                MemoryNeed.faults(engine(Mode.AUTO, 256, 1_000_000, 1_048_576), CPUS, GB, 512 * GB));
    }

    @Test
    void shouldNameTheKeysThatTheMachineCannotHold() {
        assertEquals(
                List.of(
                        "engine.shards, engine.ring-size and engine.max-flows (4 x 2048 slots, 100000000 flows) take more"
                                + " than 1.6 GB from the start, and the machine has 1.0 GB: lower one of them"),
                MemoryNeed.faults(engine(Mode.AUTO, 0, 100_000_000, 2048), CPUS, GB, GB));
    }

    @Test
    void shouldCountBothRingsOfPipelinedPlacement() {
        EngineSettings once = engine(Mode.RUN_TO_COMPLETION, 32, 1000, 1_048_576);
        EngineSettings twice = engine(Mode.PIPELINED, 32, 1000, 1_048_576);
        assertEquals(List.of(), MemoryNeed.faults(once, CPUS, GB, 512 * GB));
        assertEquals(1, MemoryNeed.faults(twice, CPUS, GB, 512 * GB).size());
    }

    @Test
    void shouldCountWhatIsOnItsWayToTheJournal() {
        EngineSettings off = engine(Mode.RUN_TO_COMPLETION, 128, 1000, 2048);
        EngineSettings on = off.withJournal(new JournalSettings(
                JournalSettings.Mode.FLOWS, 1_000_000_000, Duration.ofDays(1), Duration.ofSeconds(60)));
        assertEquals(List.of(), MemoryNeed.faults(off, CPUS, GB, GB));
        assertEquals(
                List.of("engine.shards, engine.ring-size and engine.max-flows (128 x 2048 slots, 1000 flows) and"
                        + " the rings to journal and flow state (128 x 8 MiB) take more than 1.1 GB from the start, and the machine has 1.0 GB:"
                        + " lower one of them"),
                MemoryNeed.faults(on, CPUS, GB, GB));
    }

    @Test
    void shouldCountTheRingsToTheFilesOfEachShard() {
        FlowStateSettings on =
                new FlowStateSettings(FlowStateSettings.Mode.ON, Duration.ofSeconds(1), Duration.ofHours(1));
        EngineSettings without = engine(Mode.AUTO, 256, 1000, 2048);
        assertEquals(List.of(), MemoryNeed.faults(without, CPUS, GB, 2 * GB));
        assertEquals(
                1,
                MemoryNeed.faults(without.withFlowState(on), CPUS, GB, 2 * GB).size());
    }

    private static EngineSettings engine(Mode mode, int shards, int maxFlows, int ringSize) {
        return new EngineSettings(
                mode,
                shards,
                maxFlows,
                ringSize,
                false,
                EngineSettings.SPIN_OFF,
                false,
                EngineSettings.DEFAULT.irqAffinity(),
                EngineSettings.Transport.AUTO,
                Duration.ofSeconds(30),
                EngineSettings.DEFAULT.journal(),
                EngineSettings.DEFAULT.flowState());
    }
}
