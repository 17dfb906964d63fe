package io.marchproxy.l3l4.engine.numa;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.marchproxy.l3l4.engine.numa.Interrupts.Move;
import io.marchproxy.l3l4.engine.numa.PlacementPlan.Seat;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class InterruptsTest {
    private static final List<Seat> SEATS =
            List.of(new Seat(0, List.of(0)), new Seat(0, List.of(1)), new Seat(1, List.of(4)), new Seat(1, List.of(5)));

    @TempDir
    Path root;

    private Path network;
    private Path irqs;
    private Interrupts interrupts;

    @BeforeEach
    void setUp() throws IOException {
        network = Files.createDirectories(root.resolve("net"));
        irqs = Files.createDirectories(root.resolve("irq"));
        interrupts = new Interrupts(network, irqs);
    }

    @Test
    void shouldSendADevicesInterruptsToItsNodesShardsInTurns() throws IOException {
        device("eth0", "1", "pci/0000:01:00.0", 30, 31, 32);

        assertEquals(
                List.of(new Move("eth0", 30, 4), new Move("eth0", 31, 5), new Move("eth0", 32, 4)),
                interrupts.moves(SEATS));
    }

    @Test
    void shouldUseAllShardsWhereTheNodeIsUnknownOrHasNone() throws IOException {
        device("eth0", "-1", "pci/0000:01:00.0", 30, 31, 32, 33);
        device("eth1", "3", "pci/0000:02:00.0", 40);

        assertEquals(
                List.of(0, 1, 4, 5, 0),
                interrupts.moves(SEATS).stream().map(Move::cpu).toList());
    }

    @Test
    void shouldFindAVirtioDevicesInterruptsAtItsPciDevice() throws IOException {
        Path pci = device("eth0", "0", "pci/0000:00:03.0", 25);
        Path virtio = Files.createDirectories(pci.resolve("virtio1"));
        Files.delete(network.resolve("eth0/device"));
        Files.createSymbolicLink(network.resolve("eth0/device"), virtio);

        assertEquals(List.of(new Move("eth0", 25, 0)), interrupts.moves(SEATS));
    }

    @Test
    void shouldLeaveAloneWhatIsWhereItShouldBe() throws IOException {
        device("eth0", "0", "pci/0000:01:00.0", 30, 31);
        Files.writeString(irqs.resolve("30/smp_affinity_list"), "0\n");

        assertEquals(List.of(new Move("eth0", 31, 1)), interrupts.moves(SEATS));
    }

    @Test
    void shouldHaveNoAdviceForShardsThatAreNotPinned() throws IOException {
        device("eth0", "0", "pci/0000:01:00.0", 30);

        assertEquals(List.of(), interrupts.moves(List.of(new Seat(PlacementPlan.ANY_NODE, List.of()))));
    }

    @Test
    void shouldPassOverDevicesWithoutInterrupts() throws IOException {
        Files.createDirectories(network.resolve("lo"));

        assertEquals(List.of(), interrupts.moves(SEATS));
        assertEquals(List.of(), new Interrupts(root.resolve("absent"), irqs).moves(SEATS));
    }

    @Test
    void shouldMoveWhatMayBeMovedAndTellTheRest() throws IOException {
        device("eth0", "0", "pci/0000:01:00.0", 30, 31);
        Files.delete(irqs.resolve("31/smp_affinity_list"));
        Files.createDirectory(irqs.resolve("31/smp_affinity_list")); // refuses to be written, also to root

        List<Move> refused = interrupts.apply(interrupts.moves(SEATS));

        assertEquals(List.of(new Move("eth0", 31, 1)), refused);
        assertEquals("0", Files.readString(irqs.resolve("30/smp_affinity_list")));
        assertEquals(
                "echo 1 > /proc/irq/31/smp_affinity_list  # eth0",
                refused.getFirst().command());
    }

    private Path device(String name, String node, String path, int... numbers) throws IOException {
        Path pci = Files.createDirectories(root.resolve(path));
        Files.writeString(pci.resolve("numa_node"), node + "\n");
        for (int number : numbers) {
            Files.createDirectories(pci.resolve("msi_irqs"));
            Files.createFile(pci.resolve("msi_irqs/" + number));
            Files.createDirectories(irqs.resolve(Integer.toString(number)));
            Files.writeString(irqs.resolve(number + "/smp_affinity_list"), "0-7\n");
        }
        Files.createSymbolicLink(Files.createDirectories(network.resolve(name)).resolve("device"), pci);
        return pci;
    }
}
