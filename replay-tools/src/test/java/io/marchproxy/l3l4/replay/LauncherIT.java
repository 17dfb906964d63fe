package io.marchproxy.l3l4.replay;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.marchproxy.l3l4.config.Version;
import java.io.IOException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.FileTime;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The launchers in {@code bin/} as a user meets them: real processes, after the jars were packaged. */
class LauncherIT {

    private static final Path BIN = Path.of(System.getProperty("project.root"), "bin");

    /** sysexits.h: what is needed to run at all is not there. */
    private static final int EX_UNAVAILABLE = 69;

    @TempDir
    Path folder;

    @Test
    void shouldRunFromAnyFolderThroughALinkWithASpaceInItsName() throws Exception {
        Path link = Files.createSymbolicLink(folder.resolve("a link"), BIN.resolve("replay-tools"));

        Outcome outcome = run(List.of(link.toString(), "version"), Map.of());

        assertEquals(new Outcome(0, "replay-tools " + Version.current(), ""), outcome);
    }

    @Test
    void shouldHandOverAnArgumentWithSpacesAsOne() throws Exception {
        Outcome outcome = run(List.of(BIN.resolve("replay-tools").toString(), "no such  command"), Map.of());

        assertEquals(2, outcome.exitCode());
        assertTrue(outcome.err().contains("'no such  command'"), outcome::toString);
    }

    @Test
    void shouldNameTheMissingJdk() throws Exception {
        Map<String, String> noJdk =
                Map.of("JAVA_HOME", "", "PATH", pathWithout("java"), "PROXY_L3L4_JDK_FOLDERS", folder.toString());

        Outcome outcome = run(List.of(BIN.resolve("proxy-l3l4").toString(), "version"), noJdk);

        assertEquals(EX_UNAVAILABLE, outcome.exitCode());
        assertTrue(outcome.err().startsWith("proxy-l3l4: needs a JDK 25"), outcome::toString);
    }

    @Test
    void shouldPassOverAJavaOfAnotherVersion() throws Exception {
        Path jdk = Files.createDirectories(folder.resolve("jdk-17"));
        Path java = Files.createDirectories(jdk.resolve("bin")).resolve("java");
        Files.writeString(java, "#!/bin/sh\necho wrong java\n");
        assertTrue(java.toFile().setExecutable(true));
        Files.writeString(jdk.resolve("release"), "JAVA_VERSION=\"17.0.25\"\n");

        Outcome outcome =
                run(List.of(BIN.resolve("replay-tools").toString(), "version"), Map.of("JAVA_HOME", jdk.toString()));

        assertEquals("replay-tools " + Version.current(), outcome.out(), outcome::toString);
    }

    @Test
    void shouldRunWhatIsBuiltInATreeThatItMayNotWriteTo() throws Exception {
        Path tree = unwritableTree(true);

        Outcome outcome = run(asNobody(tree.resolve("bin/replay-tools"), "version"), Map.of());

        assertEquals(0, outcome.exitCode(), outcome::toString);
        assertEquals("replay-tools " + Version.current(), outcome.out());
        assertEquals(
                "replay-tools: the sources are newer than the build, but nobody may not write to " + tree
                        + ": running what was built before.",
                outcome.err());
    }

    @Test
    void shouldSayThatItCannotBuildInATreeThatItMayNotWriteTo() throws Exception {
        Path tree = unwritableTree(false);

        Outcome outcome = run(asNobody(tree.resolve("bin/replay-tools"), "version"), Map.of());

        assertEquals(EX_UNAVAILABLE, outcome.exitCode(), outcome::toString);
        assertEquals(
                "replay-tools: is not built yet, and nobody may not write to " + tree + ". Let its owner call it once.",
                outcome.err());
    }

    /** A tree as its owner left it to others, whose sources are newer than the build if there is one. */
    private Path unwritableTree(boolean built) throws IOException {
        Path tree = Files.createDirectory(folder.resolve("tree"));
        Files.createDirectory(tree.resolve("bin"));
        for (String file : List.of("bin/launch.bash", "bin/replay-tools", "bin/jvm.flags", ".version", "pom.xml")) {
            Files.copy(BIN.resolveSibling(file), tree.resolve(file), StandardCopyOption.COPY_ATTRIBUTES);
        }
        for (String module : List.of("stages", "config", "engine", "replay-tools")) {
            Files.createDirectories(tree.resolve(module).resolve("src/main"));
            Files.createFile(tree.resolve(module).resolve("pom.xml"));
        }
        if (built) {
            Path app = Files.createDirectories(tree.resolve("replay-tools/target/app"));
            try (DirectoryStream<Path> jars = Files.newDirectoryStream(BIN.resolveSibling("replay-tools/target/app"))) {
                for (Path jar : jars) {
                    Path copy = Files.copy(jar, app.resolve(jar.getFileName()));
                    Files.setLastModifiedTime(copy, FileTime.from(Instant.EPOCH));
                }
            }
        }
        Files.setPosixFilePermissions(folder, PosixFilePermissions.fromString("rwxr-xr-x"));
        return tree;
    }

    /** By a user without any right of its own; needs root, which CI has. */
    private static List<String> asNobody(Path launcher, String argument) {
        assumeTrue(
                System.getProperty("user.name").equals("root") || "true".equals(System.getenv("CI")),
                "only root can become nobody");
        return List.of("setpriv", "--reuid=65534", "--regid=65534", "--clear-groups", launcher.toString(), argument);
    }

    /** With this mode the JVM ends where it cannot use the cache; the last run shows that it does. */
    @Test
    void shouldStartTheServiceFromItsAotCache() throws Exception {
        List<String> version = List.of(BIN.resolve("proxy-l3l4").toString(), "version");

        Outcome cached = run(version, Map.of("JAVA_OPTS", "-XX:AOTMode=on"));
        Outcome otherFlags = run(version, Map.of("JAVA_OPTS", "-XX:-UseCompactObjectHeaders"));
        Outcome otherFlagsStrictly = run(version, Map.of("JAVA_OPTS", "-XX:AOTMode=on -XX:-UseCompactObjectHeaders"));

        assertEquals("proxy-l3l4 " + Version.current(), cached.out(), cached::toString);
        assertEquals(new Outcome(0, "proxy-l3l4 " + Version.current(), ""), otherFlags);
        assertNotEquals(0, otherFlagsStrictly.exitCode(), otherFlagsStrictly::toString);
    }

    /** A folder of links to every program that the launcher calls, as a PATH without {@code program}. */
    private String pathWithout(String program) throws IOException {
        Path programs = Files.createDirectory(folder.resolve("programs"));
        for (String name : List.of("bash", "readlink", "dirname", "find", "grep", "cat", program)) {
            if (!name.equals(program)) {
                Files.createSymbolicLink(programs.resolve(name), Path.of("/usr/bin", name));
            }
        }
        return programs.toString();
    }

    private Outcome run(List<String> command, Map<String, String> environment) throws Exception {
        Path out = folder.resolve("out");
        Path err = folder.resolve("err");
        ProcessBuilder builder = new ProcessBuilder(command)
                .directory(folder.toFile())
                .redirectOutput(out.toFile())
                .redirectError(err.toFile());
        builder.environment().putAll(environment);
        Process process = builder.start();
        try {
            assertTrue(process.waitFor(60, TimeUnit.SECONDS), () -> command + " did not end within a minute");
        } finally {
            process.destroyForcibly();
        }
        return new Outcome(
                process.exitValue(),
                Files.readString(out).strip(),
                Files.readString(err).strip());
    }

    private record Outcome(int exitCode, String out, String err) {}
}
