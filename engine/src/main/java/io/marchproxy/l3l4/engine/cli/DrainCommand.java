package io.marchproxy.l3l4.engine.cli;

import java.io.IOException;
import java.io.PrintWriter;
import java.net.URI;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.ExitCode;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** The command {@code drain}. */
@Command(
        name = "drain",
        description = {
            "Has a backend of a running service take no new connections and sessions, or take some again.",
            "What it has goes on: TCP connections until they end, or for health.drain when health.on-unhealthy is drain or reset; "
                    + "UDP sessions move with their next datagram. It lasts until it is undone or the service ends.",
            "The service has to run on this machine: its admin server takes commands from the loopback alone."
        },
        sortOptions = false,
        exitCodeListHeading = "%nExit codes:%n",
        exitCodeList = {
            "0:it is so",
            "1:no service answers, or it has no such backend; the message says which",
            "2:the flags are wrong"
        },
        footerHeading = "%nExamples:%n",
        footer = {"  proxy-l3l4 drain web aws-1", "  proxy-l3l4 drain web aws-1 --undo --admin http://127.0.0.1:9081"})
final class DrainCommand implements Callable<Integer> {
    @Spec
    private CommandSpec spec;

    @Parameters(index = "0", paramLabel = "SERVICE", description = "Name of a service.")
    private String service = "";

    @Parameters(index = "1", paramLabel = "BACKEND", description = "Id of one of its backends.")
    private String backend = "";

    @Option(names = "--undo", description = "Lets it take new traffic again.")
    private boolean undo;

    @Option(
            names = "--admin",
            paramLabel = "URL",
            description = "Where the service's admin server is. Default: " + AdminClient.USUAL + ".")
    private URI admin = URI.create(AdminClient.USUAL);

    @Override
    public Integer call() throws IOException {
        String answer = new AdminClient(admin, spec.commandLine())
                .ask(
                        "POST",
                        "/api/v1/services/" + AdminClient.encoded(service) + "/backends/" + AdminClient.encoded(backend)
                                + (undo ? "/undrain" : "/drain"));
        PrintWriter out = spec.commandLine().getOut();
        out.print(answer);
        out.flush();
        return ExitCode.OK;
    }
}
