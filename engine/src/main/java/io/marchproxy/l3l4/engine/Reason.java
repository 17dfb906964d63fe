package io.marchproxy.l3l4.engine;

import java.nio.file.AccessDeniedException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.FileSystemException;
import java.nio.file.NoSuchFileException;
import java.nio.file.NotDirectoryException;

/** Why something failed, in words for the user: what stands at the bottom of an exception's causes. */
public final class Reason {
    private static final int DEEPEST = 32;

    private Reason() {}

    /** The reason, in one line. */
    public static String of(Throwable failure) {
        Throwable deepest = failure;
        for (int depth = 0; depth < DEEPEST && deepest.getCause() != null; depth++) {
            deepest = deepest.getCause();
        }
        return words(deepest).lines().findFirst().orElse(deepest.getClass().getName());
    }

    private static String words(Throwable cause) {
        String message = String.valueOf(cause.getMessage());
        if (message.contains("Too many open files")) {
            return "the limit of file descriptors is too low (Too many open files);"
                    + " raise it with ulimit -n, or LimitNOFILE= in a unit of systemd";
        }
        return switch (cause) {
            case OutOfMemoryError _ ->
                "out of memory (" + message + "); raise -Xmx or -XX:MaxDirectMemorySize" + " by PROXY_L3L4_JAVA_OPTS";
            // The message of these is but the file's name.
            case AccessDeniedException e -> e.getFile() + ": no permission";
            case NoSuchFileException e -> e.getFile() + ": no such file or folder";
            case FileAlreadyExistsException e -> e.getFile() + ": there is a file in the way";
            case NotDirectoryException e -> e.getFile() + ": no folder";
            case FileSystemException _ -> message;
            default -> cause.getMessage() == null ? cause.getClass().getName() : message;
        };
    }
}
