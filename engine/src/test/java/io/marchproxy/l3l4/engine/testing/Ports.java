package io.marchproxy.l3l4.engine.testing;

import java.io.IOException;
import java.net.DatagramSocket;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * Ports for programs that must be told theirs. They lie below the range that the kernel hands out by itself, start at a
 * place that depends on the process, and none is given twice: so no other test run and no client socket is in the way
 * between the choice and the use.
 */
public final class Ports {

    private static final int LOWEST = 12_000;
    private static final int COUNT = 19_000;
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
