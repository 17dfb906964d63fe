package io.marchproxy.l3l4.engine.cli;

import java.io.IOException;
import java.nio.file.ClosedWatchServiceException;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardWatchEventKinds;
import java.nio.file.WatchKey;
import java.nio.file.WatchService;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import java.util.LinkedHashSet;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Watches one file for other content, however it comes: written in place, renamed over, or through a symbolic link anywhere
 * on its path that is swapped, as Kubernetes does with a mounted ConfigMap ({@code config.yaml → ..data/config.yaml},
 * {@code ..data → ..2026_01_01}). Therefore it watches the folders of every link on the way, and compares what the file says
 * rather than what the events say.
 */
final class FileWatch implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(FileWatch.class);
    private static final int MOST_LINKS = 40;

    /** Whoever writes a file does so in several steps: it counts as written when nothing happened for so long … */
    private static final long QUIET_MS = 100;

    /** … or at the latest after so long, for a folder that is never quiet. */
    private static final long MOST_MS = 2_000;

    private final Path file;
    private final Consumer<String> changed;
    private final WatchService watcher;
    private String lastDigest;
    private volatile boolean closed;

    private FileWatch(Path file, Consumer<String> changed) throws IOException {
        this.file = file.toAbsolutePath();
        this.changed = changed;
        Path parent = this.file.getParent();
        if (parent == null || !Files.isDirectory(parent)) {
            throw new NoSuchFileException("its folder does not exist");
        }
        watcher = this.file.getFileSystem().newWatchService();
        watchFolders();
        lastDigest = digest(file);
    }

    /**
     * Begins to watch. What the file says now is known: only what comes later counts.
     *
     * @param changed is given the content's digest, on the watching thread
     * @throws IOException if the folder does not exist, or the host has no watches left
     */
    static FileWatch start(Path file, Consumer<String> changed) throws IOException {
        FileWatch watch = new FileWatch(file, changed);
        Thread.ofPlatform().name("config-watch").daemon().start(watch::loop);
        return watch;
    }

    /** A digest of the file's content, empty when it cannot be read. */
    static String digest(Path file) {
        try {
            return HexFormat.of().formatHex(MessageDigest.getInstance("SHA-256").digest(Files.readAllBytes(file)));
        } catch (IOException _) {
            return "";
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("every JDK has SHA-256", e);
        }
    }

    @Override
    public void close() {
        closed = true;
        try {
            watcher.close();
        } catch (IOException _) {
            // It is not needed any more.
        }
    }

    private void loop() {
        try {
            while (true) {
                take(watcher.take());
                awaitQuiet();
                // A swapped link leads to other folders than before.
                watchFolders();
                look();
            }
        } catch (InterruptedException | ClosedWatchServiceException _) {
            // Closed: that is the end.
        } catch (IOException e) {
            LOG.warn("{} is not watched any more ({}); SIGHUP reloads it", file, e.getMessage());
        }
    }

    private static void take(WatchKey key) {
        key.pollEvents();
        key.reset();
    }

    private void awaitQuiet() throws InterruptedException {
        long untilNs = System.nanoTime() + TimeUnit.MILLISECONDS.toNanos(MOST_MS);
        WatchKey key;
        while (System.nanoTime() - untilNs < 0 && (key = watcher.poll(QUIET_MS, TimeUnit.MILLISECONDS)) != null) {
            take(key);
        }
    }

    private void look() {
        String digest = digest(file);
        if (closed || digest.equals(lastDigest)) {
            return;
        }
        lastDigest = digest;
        if (digest.isEmpty()) {
            LOG.warn("{} is gone; the configuration that was read from it stays in force", file);
        } else {
            changed.accept(digest);
        }
    }

    private void watchFolders() throws IOException {
        for (Path folder : foldersOnTheWay()) {
            if (Files.isDirectory(folder)) {
                folder.register(
                        watcher,
                        StandardWatchEventKinds.ENTRY_CREATE,
                        StandardWatchEventKinds.ENTRY_MODIFY,
                        StandardWatchEventKinds.ENTRY_DELETE);
            }
        }
    }

    /** The folder of the file and those of every symbolic link that is met on the way to its content. */
    private Set<Path> foldersOnTheWay() throws IOException {
        Set<Path> folders = new LinkedHashSet<>();
        folders.add(file.getParent());
        Path path = file;
        for (int links = 0; links < MOST_LINKS; links++) {
            Path link = firstLink(path);
            if (link == null) {
                break;
            }
            folders.add(link.getParent());
            path = resolve(link, link.relativize(path));
        }
        folders.add(path.getParent());
        return folders;
    }

    private static @Nullable Path firstLink(Path path) {
        Path prefix = path.getRoot();
        for (Path name : path) {
            prefix = prefix.resolve(name);
            if (Files.isSymbolicLink(prefix)) {
                return prefix;
            }
        }
        return null;
    }

    private static Path resolve(Path link, Path rest) throws IOException {
        try {
            Path target = link.resolveSibling(Files.readSymbolicLink(link));
            return (rest.toString().isEmpty() ? target : target.resolve(rest)).normalize();
        } catch (InvalidPathException e) {
            throw new IOException(link + " leads nowhere", e);
        }
    }
}
