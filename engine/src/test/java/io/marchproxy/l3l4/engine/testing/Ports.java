package io.marchproxy.l3l4.engine.testing;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.DatagramSocket;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * Ports for programs that must be told theirs. They lie outside of the range that the kernel hands out by itself, start at a
 * place that depends on the process, and none is given twice: so no other test run and no client socket is in the way
 * between the choice and the use, and nobody who connects where nobody listens is connected to itself.
 */
public final class Ports {

    private static final int LOWEST_USUAL = 12_000;
    private static final int MOST = 19_000;
    private static final int ENOUGH = 2_000;
    private static final int BEYOND_ALL = 65_536;

    /** What the kernel hands out: the first and the last. */
    private static final int[] OF_THE_KERNEL = ofTheKernel();

    private static final boolean ARE_BELOW = OF_THE_KERNEL[0] - LOWEST_USUAL >= ENOUGH;
    private static final boolean ARE_ABOVE = !ARE_BELOW && BEYOND_ALL - OF_THE_KERNEL[1] > ENOUGH;
    private static final int LOWEST = ARE_ABOVE ? OF_THE_KERNEL[1] + 1 : LOWEST_USUAL;

    /** Where the kernel's own leave no room, the usual ones have to do. */
    private static final int COUNT =
            Math.min(MOST, ARE_ABOVE ? BEYOND_ALL - LOWEST : ARE_BELOW ? OF_THE_KERNEL[0] - LOWEST : MOST);

    private static final AtomicInteger NEXT =
            new AtomicInteger((int) (ProcessHandle.current().pid() * 97 % COUNT));

    private Ports() {}

    /** A port that is free for TCP and UDP on all addresses. */
    public static int free() {
        for (int tries = 0; tries < COUNT; tries++) {
            int port = LOWEST + Math.floorMod(NEXT.getAndIncrement(), COUNT);
            if (isFree(port)) {
                return port;
            }
        }
        throw new IllegalStateException("no free port from " + LOWEST + " on");
    }

    private static int[] ofTheKernel() {
        try {
            // By lines: the kernel answers such a file's first read alone, and readString begins with a single byte.
            String[] range = Files.readAllLines(Path.of("/proc/sys/net/ipv4/ip_local_port_range"))
                    .getFirst()
                    .split("\\s+");
            return new int[] {Integer.parseInt(range[0]), Integer.parseInt(range[1])};
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static boolean isFree(int port) {
        InetAddress any = new InetSocketAddress(0).getAddress();
        try (ServerSocket tcp = new ServerSocket(port, 1, any);
                DatagramSocket udp = new DatagramSocket(port, any)) {
            return tcp.getLocalPort() == udp.getLocalPort();
        } catch (IOException e) {
            return false;
        }
    }
}
