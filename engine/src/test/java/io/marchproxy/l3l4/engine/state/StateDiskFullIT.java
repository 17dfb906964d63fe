package io.marchproxy.l3l4.engine.state;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.marchproxy.l3l4.engine.state.FlowStateStatus.State;
import io.marchproxy.l3l4.engine.testing.RequiresRoot;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A disk without room: a write through a memory map would kill the process there (SIGBUS). */
@RequiresRoot
class StateDiskFullIT {
    private static final String ON = "mode: on, interval: 1s";

    @TempDir
    Path mountPoint;

    @BeforeEach
    void mount() throws Exception {
        run("mount", "-t", "tmpfs", "-o", "size=32m", "none", mountPoint.toString());
    }

    @AfterEach
    void unmount() throws Exception {
        run("umount", "-l", mountPoint.toString());
    }

    @Test
    void shouldBeginWhenThereIsRoom() throws Exception {
        Path ballast = Files.write(mountPoint.resolve("ballast"), new byte[28 << 20]);
        try (Remembered shard = new Remembered(mountPoint, ON, "a b")) {
            shard.awaitStatus(status -> status.state() == State.DISK_FULL);
            shard.datagram(5000);
            shard.awaitStatus(status -> status.lost() == 1 && status.waitingBytes() == 0);
            Files.delete(ballast);

            shard.awaitStatus(status -> status.state() == State.WRITING);
            assertEquals(2, shard.datagram(5001));
            shard.awaitStatus(status -> status.written() == 1);
        }
        try (Remembered shard = new Remembered(mountPoint, ON, "a b")) {
            assertEquals(1, shard.states.status().restored());
            assertEquals(2, shard.datagram(5001));
        }
    }

    @Test
    void shouldGoOnWhenTheDiskFillsUpLater() throws Exception {
        try (Remembered shard = new Remembered(mountPoint, ON, "a b")) {
            shard.awaitStatus(status -> status.state() == State.WRITING);
            byte[] block = new byte[1 << 20];
            Path ballast = mountPoint.resolve("ballast");
            Files.write(ballast, new byte[0]);
            long free = mountPoint.toFile().getUsableSpace();
            while (free > 0) {
                Files.write(ballast, free >= block.length ? block : new byte[(int) free], StandardOpenOption.APPEND);
                free = mountPoint.toFile().getUsableSpace();
            }
            for (int port = 1; port <= Remembered.CAPACITY / 2; port++) {
                shard.datagram(port);
            }
            shard.awaitStatus(status -> status.written() == Remembered.CAPACITY / 2);
            assertEquals(State.WRITING, shard.states.status().state());
            assertEquals(0, shard.states.status().lost());
        }
        // No room for the sessions' file either: the next start asks the map.
        assertTrue(Files.notExists(mountPoint.resolve("flows/sessions")));
        Files.delete(mountPoint.resolve("ballast"));
        try (Remembered shard = new Remembered(mountPoint, ON, "a b")) {
            assertEquals(Remembered.CAPACITY / 2, shard.states.status().restored());
        }
    }

    private static void run(String... command) throws Exception {
        Process process = new ProcessBuilder(command).redirectErrorStream(true).start();
        String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        assertEquals(0, process.waitFor(), output);
    }
}
