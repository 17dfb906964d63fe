package io.marchproxy.l3l4.engine.numa;

import io.marchproxy.l3l4.config.settings.EngineSettings;
import io.marchproxy.l3l4.engine.numa.PlacementPlan.Seat;
import io.marchproxy.l3l4.engine.sys.AnonymousMemory;
import io.netty.channel.epoll.Epoll;
import io.netty.channel.unix.FileDescriptor;
import io.netty.channel.unix.Socket;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.FutureTask;
import java.util.stream.IntStream;
import net.openhft.affinity.Affinity;

/**
 * The checks that need two nodes: run by {@code .ci/numa-guest} in a guest with CPUs 0 and 1 on node 0, 2 and 3 on node 1.
 * Prints a line for each, and ends with 0 if all hold.
 */
public final class NumaGuest {
    private static final int PAGE_BYTES = 4096;
    private static final int PAGES = 1024;
    private static final int CONNECTIONS = 20;

    private final Topology topology = Topology.read();
    private final PlacementPlan plan = PlacementPolicy.decide(
            topology, 4, EngineSettings.DEFAULT.withNuma(true).withShards(4));
    private boolean failed;

    private NumaGuest() {}

    /** Takes no arguments. */
    public static void main(String[] arguments) throws Exception {
        NumaGuest guest = new NumaGuest();
        guest.topology();
        for (int node = 0; node < 2; node++) {
            guest.memory(node);
        }
        guest.steering();
        System.exit(guest.failed ? 1 : 0);
    }

    private void topology() {
        check(
                "nodes and their CPUs",
                List.of(List.of(0, 1), List.of(2, 3)),
                topology.nodes().stream().map(Topology.Node::cpus).toList());
        check(
                "seats of four shards",
                IntStream.range(0, 4).mapToObj(i -> new Seat(i / 2, List.of(i))).toList(),
                plan.seats());
        check("notes", List.of(), plan.notes());
    }

    /** All of it is touched by a thread on the other node, so that only the policy can bring it to this one. */
    private void memory(int node) throws Exception {
        int far = topology.nodes().get(1 - node).cpus().getFirst();
        check("a pinned thread's CPU", far, onCpu(far, NumaGuest::currentCpu));
        try (NodeMemory memory = new NodeMemory(node)) {
            MemorySegment slab = memory.allocate((long) PAGES * PAGE_BYTES, PAGE_BYTES);
            check(
                    "pages of " + PAGES + " that lie on node " + node + ", bound",
                    PAGES,
                    onCpu(far, () -> pagesOn(node, slab)));
        }
        try (AnonymousMemory memory = new AnonymousMemory((long) PAGES * PAGE_BYTES)) {
            check("pages on node " + node + ", touched by a thread that prefers it", PAGES, onCpu(far, () -> {
                MemoryPolicy.preferForThread(node);
                return pagesOn(node, at(memory));
            }));
        }
        try (AnonymousMemory memory = new AnonymousMemory((long) PAGES * PAGE_BYTES)) {
            check(
                    "pages on node " + (1 - node) + ", touched by a thread there",
                    PAGES,
                    onCpu(far, () -> pagesOn(1 - node, at(memory))));
            check("binding them", 0, MemoryPolicy.bind(memory.address(), (long) PAGES * PAGE_BYTES, node));
            check("pages that moved to node " + node, PAGES, pagesOn(node, at(memory)));
        }
    }

    private void steering() throws Exception {
        Epoll.ensureAvailability();
        List<Socket> shards = new ArrayList<>();
        InetSocketAddress address = new InetSocketAddress(InetAddress.getLoopbackAddress(), 0);
        for (int i = 0; i < plan.seats().size(); i++) {
            Socket socket = Socket.newSocketStream();
            socket.setReusePort(true);
            socket.bind(address);
            socket.listen(128);
            address = new InetSocketAddress(
                    InetAddress.getLoopbackAddress(), socket.localAddress().getPort());
            shards.add(socket);
        }
        Steering steering = Steering.among(plan.seats(), topology);
        steering.attach(shards.getFirst().intValue());
        check("steering", "by node", steering.state());
        for (int cpu = 0; cpu < 4; cpu++) {
            int port = address.getPort();
            List<java.net.Socket> clients = onCpu(cpu, () -> {
                List<java.net.Socket> connected = new ArrayList<>();
                for (int i = 0; i < CONNECTIONS; i++) {
                    connected.add(new java.net.Socket(InetAddress.getLoopbackAddress(), port));
                }
                return connected;
            });
            int near = 0;
            for (int shard = 0; shard < shards.size(); shard++) {
                int accepted = accepted(shards.get(shard));
                near += shard / 2 == cpu / 2 ? accepted : 0;
            }
            check("of " + CONNECTIONS + " connections from CPU " + cpu + ", to its node's shards", CONNECTIONS, near);
            for (java.net.Socket client : clients) {
                client.close();
            }
        }
    }

    private static int accepted(Socket socket) throws Exception {
        int count = 0;
        byte[] address = new byte[50];
        for (int fd = socket.accept(address); fd >= 0; fd = socket.accept(address)) {
            new FileDescriptor(fd).close();
            count++;
        }
        return count;
    }

    private void check(String what, Object expected, Object found) {
        boolean holds = expected.equals(found);
        failed |= !holds;
        System.out.println((holds ? "ok     " : "FAILED ") + what + ": " + found + (holds ? "" : ", not " + expected));
    }

    @SuppressWarnings("restricted") // as large as it was mapped
    private static MemorySegment at(AnonymousMemory memory) {
        return MemorySegment.ofAddress(memory.address()).reinterpret((long) PAGES * PAGE_BYTES, Arena.global(), null);
    }

    private static int pagesOn(int node, MemorySegment memory) {
        int count = 0;
        for (long page = 0; page < PAGES; page++) {
            memory.set(ValueLayout.JAVA_BYTE, page * PAGE_BYTES, (byte) 1);
            count += MemoryPolicy.nodeOf(memory.address() + page * PAGE_BYTES) == node ? 1 : 0;
        }
        return count;
    }

    /** Field 39 of proc_pid_stat(5), the 37th after the name. */
    private static int currentCpu() throws Exception {
        String stat = Files.readString(Path.of("/proc/thread-self/stat"));
        return Integer.parseInt(stat.substring(stat.lastIndexOf(')') + 2).split(" ")[36]);
    }

    private static <T> T onCpu(int cpu, Callable<T> task) throws Exception {
        FutureTask<T> pinned = new FutureTask<>(() -> {
            Affinity.setAffinity(cpu);
            return task.call();
        });
        Thread.ofPlatform().start(pinned);
        return pinned.get();
    }
}
