package io.marchproxy.l3l4.engine.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.marchproxy.l3l4.engine.testing.Await;
import io.marchproxy.l3l4.engine.testing.RealProgram;
import io.marchproxy.l3l4.engine.testing.RequiresProgram;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Map;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class SystemdNotifierTest {

    private static final Duration PATIENCE = Duration.ofSeconds(20);

    @TempDir
    private Path folder;

    @Test
    @RequiresProgram("socat")
    void shouldTellTheLifeOfTheServiceToASocketInTheFileSystem() {
        Path socket = folder.resolve("notify");
        try (RealProgram.Running receiver = receiver("UNIX-RECV:" + socket);
                SystemdNotifier systemd = SystemdNotifier.of(Map.of("NOTIFY_SOCKET", socket.toString()))) {
            Await.until("the receiver listens", PATIENCE, () -> Files.exists(socket));
            long beforeMicros = System.nanoTime() / 1_000;
            systemd.ready("1 service");
            systemd.reloading();
            systemd.stopping();

            String told = Await.value("it arrives", PATIENCE, receiver::out, text -> text.contains("draining"));
            assertTrue(told.startsWith("READY=1\nSTATUS=1 service"), told);
            Matcher reloading =
                    Pattern.compile("RELOADING=1\nMONOTONIC_USEC=(\\d+)\n").matcher(told);
            assertTrue(reloading.find(), told);
            assertTrue(Long.parseLong(reloading.group(1)) >= beforeMicros, told);
            assertTrue(told.contains("STOPPING=1\n"), told);
        }
    }

    @Test
    @RequiresProgram("socat")
    void shouldKnowTheAbstractNamespace() {
        String name = "proxy-l3l4-test-" + ProcessHandle.current().pid();
        try (RealProgram.Running receiver = receiver("ABSTRACT-RECV:" + name);
                SystemdNotifier systemd = SystemdNotifier.of(Map.of("NOTIFY_SOCKET", "@" + name))) {
            Await.until(
                    "the receiver listens",
                    PATIENCE,
                    () -> Files.readString(Path.of("/proc/net/unix")).contains("@" + name));
            systemd.ready("here");

            Await.until("it arrives", PATIENCE, () -> receiver.out().contains("STATUS=here"));
        }
    }

    @Test
    @RequiresProgram("socat")
    void shouldFeedTheWatchdogOnlyWhileTheServiceLives() {
        Path socket = folder.resolve("notify");
        AtomicBoolean live = new AtomicBoolean(true);
        AtomicInteger inVain = new AtomicInteger();
        Map<String, String> environment = Map.of(
                "NOTIFY_SOCKET",
                socket.toString(),
                "WATCHDOG_USEC",
                "20000",
                "WATCHDOG_PID",
                Long.toString(ProcessHandle.current().pid()));
        try (RealProgram.Running receiver = receiver("UNIX-RECV:" + socket)) {
            Await.until("the receiver listens", PATIENCE, () -> Files.exists(socket));
            try (SystemdNotifier systemd = SystemdNotifier.of(environment)) {
                systemd.watch(() -> live.get() || inVain.incrementAndGet() < 0);
                Await.until("it is fed again and again", PATIENCE, () -> fed(receiver) >= 3);
                live.set(false);
                Await.until("it is asked in vain", PATIENCE, () -> inVain.get() > 0);
                systemd.ready("one may have been under way");
                Await.until("all has come", PATIENCE, () -> receiver.out().contains("under way"));
                long fedUntilThen = fed(receiver);
                int before = inVain.get();
                Await.until("it is asked again and again", PATIENCE, () -> inVain.get() > before + 3);
                systemd.ready("the last word");
                Await.until("the rest arrives", PATIENCE, () -> receiver.out().contains("the last word"));
                assertEquals(fedUntilThen, fed(receiver), receiver.out());
            }
        }
    }

    @Test
    @RequiresProgram("socat")
    void shouldLeaveTheWatchdogOfAnotherProcessAlone() {
        Path socket = folder.resolve("notify");
        try (RealProgram.Running receiver = receiver("UNIX-RECV:" + socket);
                SystemdNotifier systemd = SystemdNotifier.of(
                        Map.of("NOTIFY_SOCKET", socket.toString(), "WATCHDOG_USEC", "1000", "WATCHDOG_PID", "1"))) {
            Await.until("the receiver listens", PATIENCE, () -> Files.exists(socket));
            systemd.watch(() -> true);
            systemd.ready("here");

            Await.until("it arrives", PATIENCE, () -> receiver.out().contains("STATUS=here"));
            assertEquals(0, fed(receiver));
        }
    }

    @Test
    void shouldRunWithoutSystemd() {
        for (String socket :
                new String[] {"", "relative", "/nobody/listens/here", "@nobody-listens", "/" + "x".repeat(200)}) {
            try (SystemdNotifier systemd = SystemdNotifier.of(Map.of("NOTIFY_SOCKET", socket, "WATCHDOG_USEC", "x"))) {
                systemd.ready("nobody hears");
                systemd.watch(() -> true);
                systemd.stopping();
            }
        }
    }

    private static RealProgram.Running receiver(String address) {
        return RealProgram.of("socat", "-u", address, "STDOUT").start();
    }

    private static long fed(RealProgram.Running receiver) {
        return Pattern.compile("WATCHDOG=1").matcher(receiver.out()).results().count();
    }
}
