package io.marchproxy.l3l4.engine.numa;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class TopologyTest {
    @TempDir
    Path root;

    @ParameterizedTest
    @ValueSource(ints = {1, 2, 4, 8})
    void shouldFindEveryNodeWithItsCpus(int nodes) throws Exception {
        Topology topology = SysfsTree.machine(root, nodes, 4, 1).read();

        assertTrue(topology.isKnown());
        assertEquals(nodes, topology.nodes().size());
        assertEquals(4 * nodes, topology.cores());
        for (int id = 0; id < nodes; id++) {
            Topology.Node node = topology.nodes().get(id);
            assertEquals(id, node.id());
            assertEquals(List.of(4 * id, 4 * id + 1, 4 * id + 2, 4 * id + 3), node.cpus());
            assertTrue(node.hasMemory());
        }
    }

    @Test
    void shouldPutOneThreadOfEachCoreFirst() throws Exception {
        Topology topology = SysfsTree.machine(root, 2, 2, 2).read();

        assertEquals(List.of(0, 1, 4, 5), topology.nodes().get(0).cpus());
        assertEquals(List.of(2, 3, 6, 7), topology.nodes().get(1).cpus());
        assertEquals(List.of(0, 1, 2, 3, 4, 5, 6, 7), topology.cpus());
        assertEquals(4, topology.cores());
    }

    @Test
    void shouldPutOneThreadOfEachCoreFirstWhereSiblingsAreNeighbours() throws Exception {
        SysfsTree tree = new SysfsTree(root).node(0, "0-3").online("0-3").allowed("0-3", "0");
        tree.siblings(0, "0-1").siblings(1, "0-1").siblings(2, "2-3").siblings(3, "2-3");

        Topology topology = tree.read();

        assertEquals(List.of(0, 2, 1, 3), topology.cpus());
        assertEquals(2, topology.cores());
    }

    @Test
    void shouldLeaveOfflineCpusOut() throws Exception {
        Topology topology = SysfsTree.machine(root, 2, 2, 1).online("0,3").read();

        assertEquals(List.of(0), topology.nodes().get(0).cpus());
        assertEquals(List.of(3), topology.nodes().get(1).cpus());
    }

    @Test
    void shouldTakeACoreWhoseFirstThreadIsOfflineByItsSecond() throws Exception {
        SysfsTree tree = SysfsTree.machine(root, 1, 2, 2).online("1-3").siblings(2, "2");

        Topology topology = tree.read();

        assertEquals(List.of(1, 2, 3), topology.cpus());
        assertEquals(2, topology.cores());
    }

    @Test
    void shouldTakeNoMoreThanTheCpusetAllows() throws Exception {
        Topology topology =
                SysfsTree.machine(root, 4, 4, 1).allowed("5-6,8", "1").read();

        assertEquals(List.of(5, 6, 8), topology.cpus());
        assertEquals(2, topology.nodes().size());
        assertTrue(topology.nodes().get(0).hasMemory());
        assertFalse(topology.nodes().get(1).hasMemory());
    }

    @Test
    void shouldKnowANodeWithoutMemory() throws Exception {
        Topology topology = SysfsTree.machine(root, 2, 2, 1).memory("0").read();

        assertTrue(topology.nodes().get(0).hasMemory());
        assertFalse(topology.nodes().get(1).hasMemory());
    }

    @Test
    void shouldTakeAllForOneNodeWhereSysfsShowsNone() throws Exception {
        Topology topology =
                new SysfsTree(root).online("0-3").allowed("1-2", "0").read();

        assertFalse(topology.isKnown());
        assertEquals(List.of(1, 2), topology.cpus());
        assertEquals(2, topology.cores());
    }

    @Test
    void shouldTakeWhatTheJvmCountsWhereNothingCanBeRead() {
        Topology topology = Topology.read(root.resolve("absent"), root.resolve("absent"));

        assertFalse(topology.isKnown());
        assertEquals(Runtime.getRuntime().availableProcessors(), topology.cpus().size());
    }

    @Test
    void shouldReadThisMachine() {
        Topology topology = Topology.read();

        assertTrue(topology.cpus().size() >= Runtime.getRuntime().availableProcessors());
        assertTrue(topology.cores() >= 1);
    }
}
