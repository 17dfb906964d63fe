package io.marchproxy.l3l4.replay;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Real traffic, with a reload in the middle and a backend that dies and returns, under what was reloaded from the start on. */
class DiffIT {
    @TempDir
    Path data;

    @Test
    void shouldShowWhatAReloadWouldHaveDoneFromTheStart() throws Exception {
        new Recording(data, "mode: run-to-completion, shards: 2").make(20_000);
        Path reloaded = data.resolve("proxy.yaml");

        Tools.Outcome outcome = Tools.run("diff", data, "--config", reloaded, "--format", "json");

        assertEquals(0, outcome.exitCode(), outcome::toString);
        JsonNode report = new ObjectMapper().readTree(outcome.out());
        long before = 0;
        for (JsonNode row : report.get("services")) {
            if (row.get("name").asText().equals("dns/udp")
                    && row.get("direction").asText().equals("to-backend")) {
                before = decided(row.get("before"));
                assertEquals(before, decided(row.get("after")), "each datagram has one verdict under either");
                assertTrue(row.get("after").get("drops").path("session-cap").asLong() == 0, "the oldest make room");
            }
        }
        assertTrue(before > 10_000, report::toString);
        long wasP3 = 0;
        for (JsonNode row : report.get("classes")) {
            if (row.get("name").asText().equals("P3")
                    && row.get("direction").asText().equals("to-backend")) {
                wasP3 = row.get("before").get("packets").asLong()
                        - row.get("after").get("packets").asLong();
            }
        }
        assertTrue(wasP3 > 1000, "datagrams of before the reload are in P0 now");
        assertEquals(2, report.get("recorded").get("shards").asInt());
        assertEquals(2, report.get("recorded").get("settings").size(), "before and after the reload");
        assertEquals(0, report.get("incomplete").size());
        Path page = data.resolve("diff.html");
        assertEquals(
                1,
                Tools.run("diff", data, "-c", reloaded, "--format", "html", "-o", page, "--fail-on-change")
                        .exitCode());
        assertTrue(Files.readString(page).contains("<figcaption>Rate to backend</figcaption>"));
    }

    private static long decided(JsonNode figures) {
        return figures.get("packets").asLong()
                + figures.get("dropped-packets").asLong()
                + figures.get("waiting-packets").asLong();
    }
}
