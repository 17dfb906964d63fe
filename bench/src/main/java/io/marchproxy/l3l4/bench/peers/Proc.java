package io.marchproxy.l3l4.bench.peers;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Locale;

/** Reads what the kernel tells under /proc (proc(5)). */
public final class Proc {
    /** USER_HZ, the unit of times in /proc: 100 on every Linux that this runs on, whatever the kernel's own tick. */
    private static final double TICKS_PER_SECOND = 100;

    private static final Path PROC = Path.of("/proc");

    /** Fields of /proc/PID/stat after the name, which may hold blanks and brackets. */
    private static final int UTIME = 11;

    private static final int STIME = 12;

    /** Columns of the line {@code cpu} of /proc/stat: user nice system idle iowait irq softirq steal. */
    private static final int[] BUSY = {1, 2, 3, 6, 7};

    /** Load average of a machine that has nothing else to do, and perhaps had a little before. */
    private static final double QUIET = 0.7;

    private Proc() {}

    /** CPU seconds, user and system, that living processes have used together; one that is gone counts nothing. */
    public static double cpuSeconds(Collection<Long> pids) throws IOException {
        double sum = 0;
        for (long pid : pids) {
            try {
                sum += cpuSecondsOf(Files.readString(PROC.resolve(pid + "/stat")));
            } catch (NoSuchFileException e) {
                // It has ended, and takes its time with it.
            }
        }
        return sum;
    }

    /** CPU seconds that all CPUs of the machine were busy; what a hypervisor took away does not count. */
    public static double machineSeconds() throws IOException {
        return machineSecondsOf(Files.readString(PROC.resolve("stat")));
    }

    /** Memory of processes in bytes; what several share is divided among them. */
    static long memoryBytes(Collection<Long> pids) throws IOException {
        long sum = 0;
        for (long pid : pids) {
            sum += kilobytes(Files.readString(PROC.resolve(pid + "/smaps_rollup")), "Pss:") * 1024;
        }
        return sum;
    }

    /** CPUs that this process may use. */
    public static List<Integer> allowedCpus() throws IOException {
        return cpuList(line(Files.readString(PROC.resolve("self/status")), "Cpus_allowed_list:"));
    }

    /** How many descriptors a process may ever open. */
    static long descriptorLimit() throws IOException {
        String[] words = line(Files.readString(PROC.resolve("self/limits")), "Max open files")
                .split("\\s+");
        return words[1].equals("unlimited") ? Long.MAX_VALUE : Long.parseLong(words[1]);
    }

    /** Whether this process runs as root. */
    public static boolean isRoot() throws IOException {
        return line(Files.readString(PROC.resolve("self/status")), "Uid:")
                .split("\\s+")[1]
                .equals("0");
    }

    /** What a report says of the other work that the machine had over the last minute. */
    public static String describeLoad() throws IOException {
        double load =
                Double.parseDouble(Files.readString(PROC.resolve("loadavg")).split(" ")[0]);
        return String.format(Locale.ROOT, "load average of the machine before: %.2f", load)
                + (load > QUIET ? ": it was BUSY with other work, so don't keep these figures" : "");
    }

    static double cpuSecondsOf(String stat) {
        String[] fields = stat.substring(stat.lastIndexOf(')') + 2).split(" ");
        return (Long.parseLong(fields[UTIME]) + Long.parseLong(fields[STIME])) / TICKS_PER_SECOND;
    }

    static double machineSecondsOf(String stat) {
        String[] fields = stat.substring(0, stat.indexOf('\n')).split("\\s+");
        long ticks = 0;
        for (int column : BUSY) {
            ticks += Long.parseLong(fields[column]);
        }
        return ticks / TICKS_PER_SECOND;
    }

    static long kilobytes(String file, String key) {
        return Long.parseLong(line(file, key).replace("kB", "").strip());
    }

    static List<Integer> cpuList(String list) {
        List<Integer> cpus = new ArrayList<>();
        for (String part : list.split(",")) {
            String[] ends = part.strip().split("-");
            for (int cpu = Integer.parseInt(ends[0]); cpu <= Integer.parseInt(ends[ends.length - 1]); cpu++) {
                cpus.add(cpu);
            }
        }
        return cpus;
    }

    /** What follows a key at the beginning of a line. */
    private static String line(String file, String key) {
        return file.lines()
                .filter(line -> line.startsWith(key))
                .map(line -> line.substring(key.length()).strip())
                .findFirst()
                .orElseThrow(() -> new IllegalArgumentException("no line " + key));
    }
}
