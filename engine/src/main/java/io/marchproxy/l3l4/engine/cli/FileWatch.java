package io.marchproxy.l3l4.engine.cli;

import io.marchproxy.l3l4.config.source.ConfigContent;
import java.io.IOException;
import java.nio.file.AccessDeniedException;
import java.nio.file.ClosedWatchServiceException;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.NoSuchFileException;
import java.nio.file.NotDirectoryException;
import java.nio.file.Path;
import java.nio.file.StandardWatchEventKinds;
import java.nio.file.WatchEvent;
import java.nio.file.WatchKey;
import java.nio.file.WatchService;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Watches one file for other content, however it comes: written in place, renamed over, in a folder that is replaced, or
 * through a symbolic link anywhere on its path that is swapped, as Kubernetes does with a mounted ConfigMap
 * ({@code config.yaml → ..data/config.yaml}, {@code ..data → ..2026_01_01}). Therefore it watches every folder on the way for
 * the one name in it that leads on, and compares what the file says rather than what the events say.
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
    private final Set<Path> closedFolders = new HashSet<>();
    private Map<WatchKey, Set<Path>> watched = Map.of();
    private String lastDigest;
    private volatile boolean closed;

    private FileWatch(Path file, String digest, Consumer<String> changed) throws IOException {
        this.file = file.toAbsolutePath();
        this.changed = changed;
        lastDigest = digest;
        Path parent = this.file.getParent();
        if (parent == null || !Files.isDirectory(parent)) {
            throw new NoSuchFileException("its folder does not exist");
        }
        watcher = this.file.getFileSystem().newWatchService();
        watchFolders();
    }

    /**
     * Begins to watch, with a look at what the file says now.
     *
     * @param digest of what it said when it was read: other content counts as a change, also that which came in between
     * @param changed is given the content's digest, on the watching thread
     * @throws IOException if the folder does not exist, or the host has no watches left
     */
    static FileWatch start(Path file, String digest, Consumer<String> changed) throws IOException {
        FileWatch watch = new FileWatch(file, digest, changed);
        Thread.ofPlatform().name("config-watch").daemon().start(watch::loop);
        return watch;
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
            if (differs(ConfigContent.readFile(file))) {
                settle();
            }
            while (true) {
                awaitChange();
                settle();
            }
        } catch (InterruptedException | ClosedWatchServiceException _) {
            // Closed: that is the end.
        } catch (IOException e) {
            LOG.warn("{} is not watched any more ({}); SIGHUP reloads it", file, e.getMessage());
        }
    }

    /** Looks once nobody is in the middle of writing. A swapped link or folder leads to other folders than before. */
    private void settle() throws InterruptedException, IOException {
        awaitQuiet();
        watchFolders();
        look();
    }

    /** Waits until something happens to a name that leads to the file: its folders' other files are nobody's business. */
    private void awaitChange() throws InterruptedException {
        boolean ours;
        do {
            WatchKey key = watcher.take();
            Set<Path> names = watched.getOrDefault(key, Set.of());
            // Too many events to be told singly have no name.
            ours = take(key).stream()
                    .anyMatch(event -> !(event.context() instanceof Path name) || names.contains(name));
        } while (!ours);
    }

    private static List<WatchEvent<?>> take(WatchKey key) {
        List<WatchEvent<?>> events = key.pollEvents();
        key.reset();
        return events;
    }

    private void awaitQuiet() throws InterruptedException {
        long untilNs = System.nanoTime() + TimeUnit.MILLISECONDS.toNanos(MOST_MS);
        WatchKey key;
        while (System.nanoTime() - untilNs < 0 && (key = watcher.poll(QUIET_MS, TimeUnit.MILLISECONDS)) != null) {
            take(key);
        }
    }

    private boolean differs(ConfigContent content) {
        return !content.digest().equals(lastDigest);
    }

    private void look() {
        ConfigContent content = ConfigContent.readFile(file);
        if (closed || !differs(content)) {
            return;
        }
        lastDigest = content.digest();
        if (content.gone()) {
            LOG.warn("{} is gone; the configuration that was read from it stays in force", file);
        } else {
            changed.accept(lastDigest);
        }
    }

    /** Watches what leads to the file now, and nothing else any more. */
    private void watchFolders() throws IOException {
        Map<WatchKey, Set<Path>> now = new HashMap<>();
        for (Step step : way()) {
            WatchKey key = watch(step.folder());
            if (key != null) {
                now.computeIfAbsent(key, _ -> new HashSet<>()).add(step.name());
            }
        }
        watched.keySet().stream().filter(key -> !now.containsKey(key)).forEach(WatchKey::cancel);
        watched = now;
    }

    private @Nullable WatchKey watch(Path folder) throws IOException {
        try {
            return folder.register(
                    watcher,
                    StandardWatchEventKinds.ENTRY_CREATE,
                    StandardWatchEventKinds.ENTRY_MODIFY,
                    StandardWatchEventKinds.ENTRY_DELETE);
        } catch (NoSuchFileException | NotDirectoryException _) {
            // On its way out or in: the folder that holds it tells of that.
            return null;
        } catch (AccessDeniedException _) {
            if (closedFolders.add(folder)) {
                LOG.warn("{} may not be listed by this user: a change there is not seen; SIGHUP reloads", folder);
            }
            return null;
        }
    }

    /** One step of the way from the root to the content: this name in this folder. */
    private record Step(Path folder, Path name) {}

    /** Every step, those to the target of a symbolic link after those to the link. */
    private List<Step> way() throws IOException {
        List<Step> steps = new ArrayList<>();
        Path path = file;
        for (int links = 0; links < MOST_LINKS; links++) {
            Path link = walk(path, steps);
            if (link == null) {
                break;
            }
            path = resolve(link, link.relativize(path));
        }
        return steps;
    }

    /** Adds the steps of a path up to its first symbolic link, which is returned, or null when there is none. */
    private static @Nullable Path walk(Path path, List<Step> steps) {
        Path folder = path.getRoot();
        for (Path name : path) {
            steps.add(new Step(folder, name));
            folder = folder.resolve(name);
            if (Files.isSymbolicLink(folder)) {
                return folder;
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
