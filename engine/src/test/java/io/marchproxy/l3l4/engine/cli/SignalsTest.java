package io.marchproxy.l3l4.engine.cli;

import static org.junit.jupiter.api.Assertions.assertThrows;

import io.marchproxy.l3l4.engine.testing.Await;
import io.marchproxy.l3l4.engine.testing.RealProgram;
import java.time.Duration;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;

class SignalsTest {

    @Test
    void shouldCallTheActionOnEachSignal() {
        AtomicInteger calls = new AtomicInteger();
        Signals.handle("WINCH", calls::incrementAndGet);
        // Two of a kind that wait become one.
        for (int i = 1; i <= 2; i++) {
            int wanted = i;
            kill("WINCH");
            Await.value("called", Duration.ofSeconds(20), calls::get, called -> called >= wanted);
        }
    }

    @Test
    void shouldRefuseASignalThatNobodyCanCatch() {
        assertThrows(IllegalStateException.class, () -> Signals.handle("KILL", () -> {}));
    }

    private static void kill(String signal) {
        RealProgram.of(
                        "kill",
                        "-" + signal,
                        Long.toString(ProcessHandle.current().pid()))
                .runOrFail();
    }
}
