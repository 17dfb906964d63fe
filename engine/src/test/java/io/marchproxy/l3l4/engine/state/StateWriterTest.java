package io.marchproxy.l3l4.engine.state;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.marchproxy.l3l4.engine.settings.SettingsCompiler;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class StateWriterTest {
    @TempDir
    Path data;

    /** That the sessions are there says that the map is whole: after a loss of power, too. */
    @Test
    void shouldHaveTheMapOnTheDiskBeforeTheSessionsSayThatItIs() throws Exception {
        Path folder = Files.createDirectory(data.resolve("flows"));
        Path sessions = Files.writeString(folder.resolve("sessions"), "of the start before");
        Path map = folder.resolve("flows-1-1000.map");
        StableNames names =
                StableNames.of(new SettingsCompiler().compile(Remembered.settings(data, "mode: on", "a")), null);
        List<String> forced = new ArrayList<>();
        SessionsFile.Disk disk = path -> forced.add(path.getFileName()
                + (Files.exists(map) ? ", a map" : ", no map")
                + (Files.exists(sessions) ? ", sessions" : ", no sessions"));

        StateWriter writer = new StateWriter(folder, 1000, TimeUnit.HOURS.toNanos(1), disk);
        writer.open(true);
        writer.close(names);

        assertEquals(
                List.of(
                        "flows, no map, no sessions",
                        "flows-1-1000.map, a map, no sessions",
                        "sessions.new, a map, no sessions",
                        "flows, a map, sessions"),
                forced);
    }
}
