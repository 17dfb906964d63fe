package io.marchproxy.l3l4.replay;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.marchproxy.l3l4.config.Version;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class MainTest {

    @ParameterizedTest
    @ValueSource(strings = {"version", "--version"})
    void shouldPrintTheVersionOfTheBuild(String argument) {
        StringWriter out = new StringWriter();

        int exitCode = Main.commandLine().setOut(new PrintWriter(out, true)).execute(argument);

        assertEquals(0, exitCode);
        assertEquals("replay-tools " + Version.current(), out.toString().strip());
    }

    @Test
    void shouldTellAFaultAloneAndWhereTheHelpIs() {
        Tools.Outcome option = Tools.run("verify", "--loud", "data");
        Tools.Outcome command = Tools.run("verfy", "data");
        Tools.Outcome none = Tools.run();

        assertEquals("Unknown option: '--loud'\nTry: replay-tools verify --help\n", option.err());
        assertTrue(command.err().contains("Did you mean: replay-tools verify"), command.err());
        assertTrue(command.err().endsWith("\nTry: replay-tools --help\n"), command.err());
        assertEquals("Missing required subcommand\nTry: replay-tools --help\n", none.err());
        assertEquals(List.of(2, 2, 2), List.of(option.exitCode(), command.exitCode(), none.exitCode()));
    }

    /** What is copied out of the help should work: one line. */
    @ParameterizedTest
    @ValueSource(strings = {"diff", "flows", "latency", "import-pcap", "export-pcap"})
    void shouldKeepExamplesInOneLine(String command) {
        String help = Tools.run(command, "--help").out();
        List<String> examples = Stream.of(Main.commandLine()
                        .getSubcommands()
                        .get(command)
                        .getCommandSpec()
                        .usageMessage()
                        .footer())
                .filter(line -> line.contains("replay-tools"))
                .toList();

        assertFalse(examples.isEmpty());
        examples.forEach(example -> assertTrue(help.contains(example + "\n"), () -> example + "\n" + help));
    }
}
