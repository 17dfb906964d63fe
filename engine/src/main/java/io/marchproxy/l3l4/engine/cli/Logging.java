package io.marchproxy.l3l4.engine.cli;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.LoggerContext;
import ch.qos.logback.classic.encoder.PatternLayoutEncoder;
import ch.qos.logback.classic.spi.Configurator;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.core.ConsoleAppender;
import ch.qos.logback.core.spi.ContextAwareBase;
import org.slf4j.LoggerFactory;

/**
 * The log: one line for each event on standard error, which systemd, Docker and a terminal all take. Logback finds this
 * class as a service; a file {@code logback.xml} would cost a tenth of a second at each start.
 */
public final class Logging extends ContextAwareBase implements Configurator {
    private static final String PATTERN = "%d{yyyy-MM-dd'T'HH:mm:ss.SSSXXX} %-5level %msg%n";

    /** Libraries whose everyday remarks nobody asked for: they speak up when something is wrong, or when told to trace. */
    private static final String[] LIBRARIES = {"io.netty", "net.openhft", "software.chronicle", "com.sun", "jdk"};

    @Override
    public ExecutionStatus configure(LoggerContext context) {
        PatternLayoutEncoder encoder = new PatternLayoutEncoder();
        encoder.setContext(context);
        encoder.setPattern(PATTERN);
        encoder.start();
        ConsoleAppender<ILoggingEvent> console = new ConsoleAppender<>();
        console.setContext(context);
        console.setName("stderr");
        console.setTarget("System.err");
        console.setEncoder(encoder);
        console.start();
        context.getLogger(Logger.ROOT_LOGGER_NAME).addAppender(console);
        level(context, Level.INFO);
        return ExecutionStatus.DO_NOT_INVOKE_NEXT_IF_ANY;
    }

    /**
     * Changes how much is logged, at once.
     *
     * @param name one of {@code trace}, {@code debug}, {@code info}, {@code warn}, {@code error}, in any case
     */
    public static void level(String name) {
        if (LoggerFactory.getILoggerFactory() instanceof LoggerContext context) {
            level(context, Level.toLevel(name, Level.INFO));
        }
    }

    private static void level(LoggerContext context, Level level) {
        context.getLogger(Logger.ROOT_LOGGER_NAME).setLevel(level);
        Level libraries = level.isGreaterOrEqual(Level.DEBUG) ? Level.WARN : Level.DEBUG;
        for (String library : LIBRARIES) {
            context.getLogger(library).setLevel(libraries);
        }
        // Affinity warns of hosts without isolated CPUs, which most are.
        Level quiet = libraries == Level.WARN ? Level.ERROR : libraries;
        context.getLogger("net.openhft.affinity").setLevel(quiet);
        // Warns each time that a map is recovered; the flow state says so itself, and has the folder to itself.
        context.getLogger("net.openhft.chronicle.map").setLevel(quiet);
    }
}
