package io.marchproxy.l3l4.engine.state;

import io.marchproxy.l3l4.engine.journal.DiskSpace;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Predicate;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import net.openhft.chronicle.map.ChronicleMap;
import net.openhft.chronicle.map.ChronicleMapBuilder;
import net.openhft.chronicle.map.MapEntry;
import net.openhft.chronicle.map.MapSegmentContext;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The Chronicle Map file: {@code flows-<layout>-<capacity>.map}. One thread.
 *
 * <p>Chronicle takes the whole file's room from the disk when it makes it, so a disk that is full later does it no harm; there must
 * be as much beyond the reserve. A file that a killed process left may hold a segment's lock and half an entry: it is recovered,
 * which looks at every entry, so that is done when it must be and not at each start. What can't be opened is moved aside.
 */
public final class StateMap implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(StateMap.class);
    private static final Pattern NAME = Pattern.compile("flows-(\\d+)-(\\d+)\\.map");

    private static final String ENDING = ".map";

    /** Behind the name of a file that is being made. */
    private static final String UNFINISHED = ".new";

    /** More than was ever seen for an entry with all that belongs to it, so that the file surely fits where there is as much. */
    private static final int BYTES_PER_FLOW = 160;

    private static final int LEAST_FILE_BYTES = 1 << 20;

    private static final int HEADER_LENGTH = 8;
    private static final int HEADER_TEXT = 12;

    /** What is evicted goes a moment after it has to. */
    private static final double HEADROOM = 1.0625;

    /** Segments are filled unevenly: the fullest of some hundred is that many standard deviations above the average. */
    private static final double DEVIATIONS = 3;

    private static final int SEGMENTS = 64;

    private final Path file;
    private final ChronicleMap<byte[], byte[]> map;

    private StateMap(Path file, ChronicleMap<byte[], byte[]> map) {
        this.file = file;
        this.map = map;
    }

    /**
     * Opens the map of a folder, or makes it.
     *
     * @param flows that it must hold; a file for another number is rewritten
     * @param clean whether the last to use it closed it
     * @throws IOException when the disk is full, or the file can be neither used nor moved aside
     */
    public static StateMap open(Path folder, long flows, boolean clean) throws IOException {
        Path wanted = folder.resolve("flows-" + FlowStateLayout.VERSION + "-" + flows + ".map");
        List<Path> others = new ArrayList<>();
        for (Path found : files(folder, ENDING)) {
            Matcher name = NAME.matcher(found.getFileName().toString());
            if (!name.matches() || !name.group(1).equals(String.valueOf(FlowStateLayout.VERSION))) {
                setAside(found, "it is of another layout than this version's, which is " + FlowStateLayout.VERSION);
            } else if (!found.equals(wanted)) {
                others.add(found);
            }
        }
        for (Path unfinished : files(folder, ENDING + UNFINISHED)) {
            Files.delete(unfinished);
        }
        if (Files.exists(wanted) && !isUnfinished(wanted)) {
            StateMap opened = tryOpen(wanted, flows, clean);
            if (opened != null) {
                // It is there only once it has all that they had.
                delete(others);
                return opened;
            }
        }
        DiskSpace.require(folder, flows * BYTES_PER_FLOW + LEAST_FILE_BYTES);
        StateMap made = begin(wanted, flows, others, clean);
        made.complete(others);
        return made;
    }

    /**
     * A map with what a file of another capacity knew, under a name that no start looks for: when the process is killed meanwhile, the
     * next one has that file still.
     */
    static StateMap begin(Path wanted, long flows, List<Path> others, boolean clean) throws IOException {
        StateMap made = new StateMap(
                wanted, builder(flows).createPersistedTo(unfinished(wanted).toFile()));
        try {
            if (!others.isEmpty()) {
                made.takeOver(latest(others), clean, flows);
            }
            return made;
        } catch (IOException | RuntimeException | Error e) {
            made.close();
            throw e;
        }
    }

    private static Path unfinished(Path wanted) {
        return wanted.resolveSibling(wanted.getFileName() + UNFINISHED);
    }

    private static Path latest(List<Path> files) throws IOException {
        Path latest = files.getFirst();
        for (Path file : files) {
            if (Files.getLastModifiedTime(file).compareTo(Files.getLastModifiedTime(latest)) > 0) {
                latest = file;
            }
        }
        return latest;
    }

    private void complete(List<Path> others) throws IOException {
        Files.move(unfinished(file), file, StandardCopyOption.ATOMIC_MOVE);
        delete(others);
    }

    private static void delete(List<Path> superseded) throws IOException {
        for (Path other : superseded) {
            Files.deleteIfExists(other);
        }
    }

    /**
     * Whether a file was being made when its process was killed, so that there is nothing in it: it is deleted. Chronicle would wait
     * for a minute for that process to go on. At offset 8 stands the length of the header, whose highest bit says "not ready", then
     * the header, which begins with "!". What begins otherwise was never ours, and is not deleted but moved aside.
     */
    private static boolean isUnfinished(Path file) throws IOException {
        ByteBuffer begin = ByteBuffer.allocate(HEADER_TEXT + 1).order(ByteOrder.LITTLE_ENDIAN);
        try (FileChannel channel = FileChannel.open(file)) {
            while (begin.hasRemaining() && channel.read(begin) >= 0) {
                // as much as there is
            }
        }
        if (!begin.hasRemaining() && begin.getInt(HEADER_LENGTH) > 0) {
            return false;
        }
        byte text = begin.get(HEADER_TEXT);
        if (text != 0 && text != '!') {
            setAside(file, "it is no Chronicle Map");
            return true;
        }
        LOG.warn("flow state: {} was not finished when its process ended; it is made anew", file);
        Files.delete(file);
        return true;
    }

    /** Whether a folder has a map, whatever its state. */
    static boolean isIn(Path folder) throws IOException {
        return Files.isDirectory(folder) && !files(folder, ENDING).isEmpty();
    }

    private static List<Path> files(Path folder, String ending) throws IOException {
        try (Stream<Path> all = Files.list(folder)) {
            return all.filter(path -> path.getFileName().toString().matches("flows-.*" + Pattern.quote(ending)))
                    .sorted()
                    .toList();
        }
    }

    private static @Nullable StateMap tryOpen(Path file, long flows, boolean clean) throws IOException {
        try {
            if (clean) {
                return new StateMap(file, builder(flows).createPersistedTo(file.toFile()));
            }
            long beganNs = System.nanoTime();
            long[] damaged = {0};
            ChronicleMap<byte[], byte[]> recovered =
                    builder(flows).recoverPersistedTo(file.toFile(), true, corruption -> damaged[0]++);
            LOG.info(
                    "flow state: {} was not closed; recovered {} flows in {} ms{}",
                    file,
                    recovered.longSize(),
                    (System.nanoTime() - beganNs) / 1_000_000,
                    damaged[0] == 0 ? "" : ", " + damaged[0] + " places in it were damaged");
            return new StateMap(file, recovered);
        } catch (IOException | RuntimeException | Error e) {
            setAside(file, "it can't be read: " + firstLine(e));
            return null;
        }
    }

    private static String firstLine(Throwable e) {
        return String.valueOf(e.getMessage()).lines().findFirst().orElse("") + " ("
                + e.getClass().getSimpleName() + ")";
    }

    private static void setAside(Path file, String why) throws IOException {
        Path aside = file.resolveSibling(file.getFileName() + ".aside-" + System.currentTimeMillis());
        Files.move(file, aside, StandardCopyOption.ATOMIC_MOVE);
        LOG.warn("flow state: {} is moved aside to {} and begun anew: {}", file, aside.getFileName(), why);
    }

    /** Copies the flows of a file of another capacity, as many as there is room for. */
    private void takeOver(Path other, boolean clean, long flows) throws IOException {
        Matcher name = NAME.matcher(other.getFileName().toString());
        long capacity = name.matches() ? Long.parseLong(name.group(2)) : flows;
        StateMap before = tryOpen(other, capacity, clean);
        if (before == null) {
            return;
        }
        try (before) {
            copy(before, flows);
        } catch (RuntimeException | Error e) {
            setAside(other, "it can't be read: " + firstLine(e));
        }
    }

    private void copy(StateMap before, long flows) {
        // Flows of one segment go to the same few here, so each gives its part.
        long part = Math.ceilDiv(flows, before.segments());
        for (int segment = 0; segment < before.segments(); segment++) {
            long[] left = {before.size() > flows ? part : Long.MAX_VALUE};
            before.scan(segment, entry -> {
                if (left[0] > 0 && tryPut(entry.key().get(), entry.value().get())) {
                    left[0]--;
                }
                return false;
            });
        }
        LOG.info("flow state: engine.max-flows is {} now; took over {} of {} flows", flows, size(), before.size());
    }

    private static ChronicleMapBuilder<byte[], byte[]> builder(long flows) {
        return ChronicleMapBuilder.of(byte[].class, byte[].class)
                .name("flows")
                .entries((long) (flows * HEADROOM + DEVIATIONS * Math.sqrt((double) SEGMENTS * flows)))
                .constantKeySizeBySample(new byte[FlowStateLayout.KEY_SIZE])
                .constantValueSizeBySample(new byte[FlowStateLayout.VALUE_SIZE])
                // A file that grows would be written through the map into a disk that may be full, which kills the
                // process.
                .allowSegmentTiering(false)
                .putReturnsNull(true)
                .removeReturnsNull(true)
                .skipCloseOnExitHook(true);
    }

    /**
     * Writes a flow, over what was known of it.
     *
     * @throws RuntimeException when there is no room for another
     */
    public void put(byte[] key, byte[] value) {
        map.put(key, value);
    }

    private boolean tryPut(byte[] key, byte[] value) {
        try {
            put(key, value);
            return true;
        } catch (RuntimeException e) {
            // Its segment is full; there are others.
            return false;
        }
    }

    /** Reads a flow. False when it is not known. */
    public boolean get(byte[] key, byte[] into) {
        return map.getUsing(key, into) != null;
    }

    public long size() {
        return map.longSize();
    }

    int segments() {
        return map.segments();
    }

    /** Goes over a segment's flows, and removes those for which the visitor answers true. */
    void scan(int segment, Predicate<MapEntry<byte[], byte[]>> visitor) {
        try (MapSegmentContext<byte[], byte[], ?> context = map.segmentContext(segment)) {
            context.forEachSegmentEntry(entry -> {
                if (visitor.test(entry)) {
                    entry.context().remove(entry);
                }
            });
        }
    }

    /** Goes over all flows, and counts them. */
    public long count() {
        long[] count = {0};
        for (int segment = 0; segment < segments(); segment++) {
            scan(segment, entry -> {
                count[0]++;
                return false;
            });
        }
        return count[0];
    }

    /** Where it is. */
    Path file() {
        return file;
    }

    /** What the file takes on the disk. */
    public long diskBytes() throws IOException {
        return Files.size(file);
    }

    @Override
    public void close() {
        map.close();
    }
}
