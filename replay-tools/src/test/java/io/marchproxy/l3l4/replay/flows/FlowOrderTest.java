package io.marchproxy.l3l4.replay.flows;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.marchproxy.l3l4.replay.UnreadableException;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

class FlowOrderTest implements FlowOutput {
    private final List<Flow> written = new ArrayList<>();
    private final List<Flow> flows = new ArrayList<>();

    FlowOrderTest() {
        RandomFlows random = new RandomFlows(8);
        for (int i = 0; i < 500; i++) {
            flows.add(random.next());
        }
    }

    @ParameterizedTest
    @EnumSource(FlowOrder.Key.class)
    void shouldFindTheFirstFewOfTheWholeOrder(FlowOrder.Key key) throws IOException {
        for (boolean reversed : List.of(false, true)) {
            Comparator<Flow> order = key.order(reversed);
            List<Flow> all = run(order, Long.MAX_VALUE, 500);
            List<Flow> top = run(order, 17, 500);

            List<Flow> model = new ArrayList<>(flows);
            model.sort(order);
            assertEquals(model, all);
            for (int i = 0; i < 17; i++) {
                assertEquals(0, order.compare(model.get(i), top.get(i)));
            }
            assertEquals(17, top.size());
        }
    }

    @Test
    void shouldBeginWithTheHighestOfAmountsAndTheLowestOfTheRest() {
        Flow first = flows.get(0);
        Flow second = flows.get(1);
        assertEquals(
                Long.compare(second.bytes(), first.bytes()),
                Integer.signum(FlowOrder.Key.BYTES.order(false).compare(first, second)));
        assertEquals(
                Long.compare(first.startUs(), second.startUs()),
                Integer.signum(FlowOrder.Key.START.order(false).compare(first, second)));
    }

    @Test
    void shouldPassFlowsOnAsTheyComeWithoutAnOrder() throws IOException {
        assertEquals(flows, run(null, Long.MAX_VALUE, 1));
        assertEquals(flows.subList(0, 5), run(null, 5, 1));
    }

    @Test
    void shouldSayWhenNoMoreAreWanted() throws IOException {
        FlowOrder order = new FlowOrder(this, null, 2, 1);
        order.add(flows.get(0));
        assertFalse(order.isFull());
        order.add(flows.get(1));
        assertTrue(order.isFull());
    }

    @Test
    void shouldRefuseMoreThanFitsInMemory() throws IOException {
        UnreadableException all = assertThrows(
                UnreadableException.class, () -> run(FlowOrder.Key.BYTES.order(false), Long.MAX_VALUE, 499));
        assertTrue(
                String.valueOf(all.getMessage()).startsWith("more than 499 flows can't be put in order in "),
                all.getMessage());
        assertThrows(UnreadableException.class, () -> run(FlowOrder.Key.BYTES.order(false), 500, 499));
        assertEquals(499, run(FlowOrder.Key.BYTES.order(false), 499, 499).size());
    }

    private List<Flow> run(Comparator<Flow> order, long top, int most) throws IOException {
        written.clear();
        FlowOrder ordered = new FlowOrder(this, order, top, most);
        for (Flow flow : flows) {
            ordered.add(flow);
        }
        ordered.finish();
        return List.copyOf(written);
    }

    @Override
    public void write(Flow flow) {
        written.add(flow);
    }

    @Override
    public void close() {
        // nothing is open
    }
}
