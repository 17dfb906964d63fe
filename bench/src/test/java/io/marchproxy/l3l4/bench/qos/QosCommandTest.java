package io.marchproxy.l3l4.bench.qos;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.marchproxy.l3l4.config.ConfigLoader;
import io.marchproxy.l3l4.config.ConfigResult;
import io.marchproxy.l3l4.config.source.Overrides;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import picocli.CommandLine;

/** What is asked for, and what is made of what was found. */
class QosCommandTest {
    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "--only=icmp      | there is no case icmp",
                "--rates=0        | --rates takes 1 to 50 numbers",
                "--rounds=0       | --rounds takes 1 or more",
                "--seconds=0.1    | --seconds 1.0 or more",
            })
    void shouldRefuseFlagsThatMakeNoSense(String flag, String words) {
        StringWriter err = new StringWriter();

        int code = new CommandLine(new QosCommand())
                .setErr(new PrintWriter(err, true))
                .execute(flag);

        assertEquals(2, code);
        assertTrue(err.toString().contains(words), err::toString);
    }

    @Test
    void shouldConfigureARateAServiceAsTheyAreChecked(@TempDir Path folder) throws IOException {
        Path file = Files.writeString(
                folder.resolve("proxy.yaml"), QosStand.configuration(folder, List.of(1, 10, 100, 500, 1_000, 100_000)));

        ConfigResult result = ConfigLoader.load(file, Map.of(), Overrides.none());

        assertEquals(List.of(), result.faults());
        assertEquals(14, result.settings().orElseThrow().services().size(), "and one of each protocol without a rate");
    }

    private static QosReport report(double ours, double tbf, double htb, int mbits) {
        List<QosResult> results = new ArrayList<>();
        results.add(new QosResult("tcp-to-client", 0, Shaper.NOBODY, 1, 2_000, 0, 0));
        for (int round = 1; round <= 3; round++) {
            // The middle one of three counts.
            double off = round - 2;
            results.add(new QosResult("tcp-to-client", mbits, Shaper.OURS, round, ours + off, 5_000, 4_096));
            results.add(new QosResult("tcp-to-client", mbits, Shaper.TBF, round, tbf + off, 4_000, 4_096));
            results.add(new QosResult("tcp-to-client", mbits, Shaper.HTB, round, htb + off, 5_100, 4_096));
        }
        return new QosReport(List.of("a machine"), results, List.of());
    }

    @ParameterizedTest
    @CsvSource({
        "0.1, 0.2, 0.0, 10, met",
        "-0.04, 0.0, 0.0, 10, met",
        "-0.3, 0.1, 0.0, 10, tc is nearer",
        "0.6, 5.0, 5.0, 10, MISSED",
        "-40, -30, 0, 1900, more than this machine carries"
    })
    void shouldJudgeByTheMedianBesideTheWorseOfBoth(double ours, double tbf, double htb, int mbits, String verdict) {
        StringWriter out = new StringWriter();
        QosReport report = report(ours, tbf, htb, mbits);

        report.print(new PrintWriter(out, true));

        assertTrue(out.toString().strip().endsWith(verdict), out::toString);
        assertTrue(report.markdown().contains(verdict + " |"), report::markdown);
    }
}
