package io.marchproxy.l3l4.engine;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.marchproxy.l3l4.config.Version;
import io.marchproxy.l3l4.engine.cli.ProxyCommand;
import java.io.PrintWriter;
import java.io.StringWriter;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class MainTest {

    @ParameterizedTest
    @ValueSource(strings = {"version", "--version"})
    void shouldPrintTheVersionOfTheBuild(String argument) {
        StringWriter out = new StringWriter();

        int exitCode =
                ProxyCommand.commandLine().setOut(new PrintWriter(out, true)).execute(argument);

        assertEquals(0, exitCode);
        assertEquals("proxy-l3l4 " + Version.current(), out.toString().strip());
    }
}
