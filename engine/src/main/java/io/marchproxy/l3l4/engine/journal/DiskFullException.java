package io.marchproxy.l3l4.engine.journal;

import java.io.IOException;
import java.nio.file.Path;

/** There is no room on the disk, or so little that it is left to others. */
public final class DiskFullException extends IOException {
    private static final long serialVersionUID = 1;

    DiskFullException(Path folder) {
        super("no space left for " + folder);
    }
}
