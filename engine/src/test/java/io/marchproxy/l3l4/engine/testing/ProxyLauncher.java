package io.marchproxy.l3l4.engine.testing;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.management.ManagementFactory;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Says how a proxy process is to be started, then starts it. The defaults are a user's: built jar, the launcher's JVM flags. */
public final class ProxyLauncher {

    private static final Path ROOT = Path.of(System.getProperty("project.root"));

    private String services;
    private final List<String> wrapper = new ArrayList<>();
    private final List<String> jvmFlags = new ArrayList<>();
    private final List<String> flags = new ArrayList<>();
    private @Nullable TestNetwork network;
    private boolean nobody;
    private boolean uncovered;

    ProxyLauncher(String services) {
        this.services = services;
    }

    /** Adds to the configuration. */
    public ProxyLauncher adding(String configuration) {
        services = services + "\n" + configuration;
        return this;
    }

    /** Puts a command in front, such as {@code prlimit --nofile=100}. */
    public ProxyLauncher under(String... command) {
        wrapper.addAll(List.of(command));
        return this;
    }

    /** Runs it as a user without any privilege. Only for root. */
    public ProxyLauncher asNobody() {
        nobody = true;
        return uncovered()
                .under(
                        "setpriv",
                        "--reuid=65534",
                        "--regid=65534",
                        "--clear-groups",
                        "--inh-caps=-all",
                        "--no-new-privs");
    }

    /** Leaves the agent that measures coverage out, for what it could not do either, such as start without descriptors. */
    public ProxyLauncher uncovered() {
        uncovered = true;
        return this;
    }

    /** Runs it with io_uring refused, as containers' default seccomp profile does. */
    public ProxyLauncher withoutIoUring() {
        return without(CallsRefused.Refusal.IO_URING);
    }

    /** Runs it with some system calls refused. */
    public ProxyLauncher without(CallsRefused.Refusal refusal) {
        return under(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "--enable-native-access=ALL-UNNAMED",
                "-XX:+UseSerialGC",
                "-cp",
                System.getProperty("java.class.path"),
                CallsRefused.class.getName(),
                refusal.name());
    }

    /** Runs it inside a namespace; its admin address is then reached from there too. */
    public ProxyLauncher in(TestNetwork namespace) {
        network = namespace;
        return this;
    }

    /** Adds a flag of the JVM. */
    public ProxyLauncher jvmFlag(String flag) {
        jvmFlags.add(flag);
        return this;
    }

    /** Adds flags of {@code run}. */
    public ProxyLauncher flags(String... more) {
        flags.addAll(List.of(more));
        return this;
    }

    /** Starts it and waits until {@code /readyz} says yes. */
    public ProxyProcess start() {
        ProxyProcess proxy = launch();
        try {
            proxy.awaitReady();
            return proxy;
        } catch (RuntimeException | Error e) {
            proxy.kill();
            proxy.close();
            throw e;
        }
    }

    /** Starts it without waiting for anything. */
    public ProxyProcess launch() {
        try {
            Path folder = Files.createTempDirectory("pl34-");
            if (nobody) {
                Files.setPosixFilePermissions(folder, PosixFilePermissions.fromString("rwxrwxrwx"));
            }
            int adminPort = Ports.free();
            Path config = folder.resolve("proxy.yaml");
            ProxyProcess proxy = new ProxyProcess(folder, config, adminPort, network);
            proxy.writeConfig(services);
            List<String> command = new ArrayList<>(wrapper);
            command.addAll(java());
            command.addAll(List.of("run", "--config", config.toString()));
            command.addAll(flags);
            RealProgram program = RealProgram.of(command).folder(folder);
            proxy.started((network == null ? program : program.in(network)).start());
            return proxy;
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** The command line up to the main class, for commands other than {@code run}. */
    public static List<String> commandLine(String... arguments) {
        List<String> command = new ProxyLauncher("").java();
        command.addAll(List.of(arguments));
        return command;
    }

    private List<String> java() {
        List<String> command = new ArrayList<>();
        // Whoever runs the tests in the background, or under nohup, has them ignore signals, and processes inherit
        // that.
        command.addAll(List.of("/usr/bin/env", "--default-signal=HUP,INT"));
        command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
        command.add("@" + ROOT.resolve("bin/jvm.flags"));
        command.add("@" + ROOT.resolve("bin/service.flags"));
        // The forked process counts towards the coverage gate as well: it is the code under test.
        ManagementFactory.getRuntimeMXBean().getInputArguments().stream()
                .filter(argument -> !uncovered && argument.startsWith("-javaagent:") && argument.contains("jacoco"))
                // Without the libraries' classes, whose instrumentation would triple the time to start.
                .map(argument -> argument + ",includes=io.marchproxy.*")
                .forEach(command::add);
        command.addAll(jvmFlags);
        command.addAll(List.of("-cp", jar().toString(), "io.marchproxy.l3l4.engine.Main"));
        return command;
    }

    private static Path jar() {
        try {
            String version = Files.readString(ROOT.resolve(".version")).strip();
            Path jar = ROOT.resolve("engine/target/app/engine-" + version + ".jar");
            if (!Files.isRegularFile(jar)) {
                throw new IllegalStateException(jar + " is not built: integration tests run in mvn verify");
            }
            return jar;
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
