package io.marchproxy.l3l4.bench;

import java.io.IOException;
import java.net.URISyntaxException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.LocalDateTime;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;

/** Where the module's own files stand. */
public final class BenchFolder {
    private static final DateTimeFormatter STAMP = DateTimeFormatter.ofPattern("yyyyMMdd-HHmmss");

    private BenchFolder() {}

    /** The folder of the module in the tree that this was built in; outside of one, the working directory. */
    public static Path find() {
        try {
            Path code = Path.of(BenchFolder.class
                    .getProtectionDomain()
                    .getCodeSource()
                    .getLocation()
                    .toURI());
            for (Path folder = code; folder != null; folder = folder.getParent()) {
                if (folder.endsWith("target") && folder.getParent() != null) {
                    return folder.getParent();
                }
            }
        } catch (URISyntaxException e) {
            throw new IllegalStateException(e);
        }
        return Path.of("");
    }

    /** The root of the tree that the module is in, whose programs are measured. */
    public static Path projectRoot() {
        return find().toAbsolutePath().resolve("..").normalize();
    }

    /**
     * A file for the figures of a run that begins now, in the folder for what is built.
     *
     * @param what was measured, the first part of the file's name
     * @param extension of the file's name
     */
    public static Path figures(String what, String extension) throws IOException {
        Path folder = Files.createDirectories(find().toAbsolutePath().resolve("target"));
        return folder.resolve(what + "-" + LocalDateTime.now(ZoneOffset.UTC).format(STAMP) + "." + extension);
    }
}
