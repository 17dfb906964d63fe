package io.marchproxy.l3l4.bench;

import java.net.URISyntaxException;
import java.nio.file.Path;

/** Where the module's own files stand. */
public final class BenchFolder {
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
}
