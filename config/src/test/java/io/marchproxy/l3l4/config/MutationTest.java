package io.marchproxy.l3l4.config;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.marchproxy.l3l4.config.fault.Fault;
import io.marchproxy.l3l4.config.source.Overrides;
import io.marchproxy.l3l4.config.source.Setting;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Whatever is done to a configuration, the loader answers with settings or with faults, never with an exception. */
class MutationTest {
    private static final int ROUNDS = 250;
    private static final String[] POISON = {
        "",
        " ",
        "\t",
        "\n",
        ":",
        "- ",
        "[",
        "]",
        "{",
        "}",
        "\"",
        "'",
        "&a ",
        "*a",
        "!x ",
        "|",
        ">",
        "#",
        "%",
        "@",
        "`",
        "~",
        "null",
        "true",
        "-1",
        "0",
        "99999999999999999999",
        "1e999",
        "NaN",
        "0x10",
        "${",
        "${A}",
        "${A:-}",
        "$${",
        "\u0000",
        "\ud800",
        "\uffff",
        "\ufeff",
        "é",
        "60",
        "1.5s",
        "9223372036854775807d",
        "tcp://",
        "[::]",
        "::",
        "/",
        "*",
        "P4",
        "---",
        "...",
        "? ",
        "<<: "
    };

    @TempDir
    Path folder;

    @ParameterizedTest
    @ValueSource(longs = {1, 2, 3, 4, 5})
    void shouldAnswerChangedTextsWithFaultsAlone(long seed) throws IOException {
        String sample = Files.readString(SampleTest.SAMPLE);
        Random random = new Random(seed);
        for (int round = 0; round < ROUNDS; round++) {
            String text = sample;
            for (int i = random.nextInt(1, 4); i > 0; i--) {
                text = changed(text, random);
            }
            check(text.getBytes(StandardCharsets.UTF_8), seed, round);
        }
    }

    @ParameterizedTest
    @ValueSource(longs = {11, 12})
    void shouldAnswerChangedBytesWithFaultsAlone(long seed) throws IOException {
        byte[] sample = Files.readAllBytes(SampleTest.SAMPLE);
        Random random = new Random(seed);
        for (int round = 0; round < ROUNDS; round++) {
            byte[] bytes =
                    Arrays.copyOf(sample, random.nextInt(2) == 0 ? sample.length : random.nextInt(sample.length));
            for (int i = random.nextInt(8); i > 0 && bytes.length > 0; i--) {
                bytes[random.nextInt(bytes.length)] = (byte) random.nextInt(256);
            }
            check(bytes, seed, round);
        }
    }

    @ParameterizedTest
    @ValueSource(longs = {21, 22})
    void shouldAnswerChangedFlagsAndVariablesWithFaultsAlone(long seed) throws IOException {
        Random random = new Random(seed);
        String[] variables = {
            "ADMIN_PORT",
            "LISTEN_PORT",
            "LOG_LEVEL",
            "ENABLE_QOS",
            "MARCHPROXY_BIND_ADDR",
            "MARCHPROXY_METRICS_ADDR",
            "MARCHPROXY_BACKENDS",
            "MARCHPROXY_DSCP_MARKING",
            "MARCHPROXY_WORKER_THREADS",
            "MARCHPROXY_PRIORITY_QUEUE_DEPTH"
        };
        for (int round = 0; round < ROUNDS; round++) {
            String value = poison(random) + (random.nextBoolean() ? poison(random) : "");
            Map<String, String> environment = Map.of(variables[random.nextInt(variables.length)], value);
            Overrides flags = Overrides.none()
                    .with(Setting.BACKEND, "h:1")
                    .with(Setting.values()[random.nextInt(Setting.values().length)], poison(random));
            checkResult(ConfigLoader.load(null, environment, flags), seed, round);
        }
    }

    private void check(byte[] yaml, long seed, int round) {
        try {
            ConfigResult result = Faulty.load(folder, yaml, Map.of("A", "b"), Overrides.none());
            checkResult(result, seed, round);
            if (result.settings().isPresent()) {
                ConfigResult again = Faulty.load(folder, result.effective());
                assertEquals(List.of(), again.faults(), result::effective);
                assertEquals(result.settings(), again.settings(), result::effective);
            }
        } catch (RuntimeException | StackOverflowError e) {
            throw new AssertionError(
                    "seed " + seed + ", round " + round + ":\n" + new String(yaml, StandardCharsets.UTF_8), e);
        }
    }

    private static void checkResult(ConfigResult result, long seed, int round) {
        String where = "seed " + seed + ", round " + round;
        assertEquals(result.faults().isEmpty(), result.settings().isPresent(), where);
        for (Fault fault : result.faults()) {
            String shown = fault.format();
            assertTrue(shown.length() < 1000, () -> where + ": " + shown);
            assertFalse(shown.chars().anyMatch(Character::isISOControl), () -> where + ": " + shown);
            assertFalse(shown.contains("Exception"), () -> where + ": " + shown);
        }
    }

    private static String changed(String text, Random random) {
        int at = random.nextInt(text.length() + 1);
        int end = Math.min(text.length(), at + random.nextInt(12));
        return switch (random.nextInt(5)) {
            case 0 -> text.substring(0, at) + poison(random) + text.substring(at);
            case 1 -> text.substring(0, at) + poison(random) + text.substring(end);
            case 2 -> text.substring(0, at) + text.substring(end);
            case 3 -> lines(text, random);
            default -> value(text, random);
        };
    }

    /** A line goes, comes twice, or all are shuffled. */
    private static String lines(String text, Random random) {
        List<String> lines = new ArrayList<>(text.lines().toList());
        int at = random.nextInt(lines.size());
        switch (random.nextInt(4)) {
            case 0 -> lines.remove(at);
            case 1 -> lines.add(random.nextInt(lines.size()), lines.get(at));
            case 2 -> lines.set(at, "  " + lines.get(at));
            default -> Collections.swap(lines, at, random.nextInt(lines.size()));
        }
        return String.join("\n", lines) + "\n";
    }

    /** What stands behind some key's colon. */
    private static String value(String text, Random random) {
        int colon = text.indexOf(": ", random.nextInt(text.length()));
        if (colon < 0) {
            return text;
        }
        int end = colon + 2;
        while (end < text.length() && " ,}\n".indexOf(text.charAt(end)) < 0) {
            end++;
        }
        return text.substring(0, colon + 2) + poison(random) + text.substring(end);
    }

    private static String poison(Random random) {
        return POISON[random.nextInt(POISON.length)];
    }
}
