package io.marchproxy.l3l4.replay;

import java.io.PrintWriter;
import java.io.StringWriter;
import picocli.CommandLine;

/** The command line, run within the test. */
public final class Tools {
    public record Outcome(int exitCode, String out, String err) {}

    private Tools() {}

    public static Outcome run(Object... arguments) {
        StringWriter out = new StringWriter();
        StringWriter err = new StringWriter();
        CommandLine commandLine =
                Main.commandLine().setOut(new PrintWriter(out, true)).setErr(new PrintWriter(err, true));
        String[] texts = new String[arguments.length];
        for (int i = 0; i < texts.length; i++) {
            texts[i] = arguments[i].toString();
        }
        int exitCode = Main.run(commandLine, texts);
        return new Outcome(exitCode, out.toString(), err.toString());
    }
}
