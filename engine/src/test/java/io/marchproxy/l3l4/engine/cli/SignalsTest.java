package io.marchproxy.l3l4.engine.cli;

import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.marchproxy.l3l4.engine.testing.RealProgram;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

class SignalsTest {

    @Test
    void shouldCallTheActionOnEachSignal() throws Exception {
        CountDownLatch calls = new CountDownLatch(2);
        Signals.handle("WINCH", calls::countDown);

        kill("WINCH");
        kill("WINCH");

        assertTrue(calls.await(20, TimeUnit.SECONDS));
    }

    @Test
    void shouldRefuseASignalThatNobodyCanCatch() {
        assertThrows(IllegalStateException.class, () -> Signals.handle("KILL", () -> {}));
    }

    private static void kill(String signal) {
        // Two of a kind that wait become one: the shell's own time between them keeps them apart.
        RealProgram.of(
                        "kill",
                        "-" + signal,
                        Long.toString(ProcessHandle.current().pid()))
                .runOrFail();
    }
}
