package io.marchproxy.l3l4.engine.shard;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.marchproxy.l3l4.engine.testing.Await;
import io.marchproxy.l3l4.stages.packet.EventKind;
import java.lang.foreign.Arena;
import java.time.Duration;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** When a loop that has bulk alone may rest. Times are read once a batch, so within one nothing depends on the clock. */
class IngressRingTest {
    private static final Duration PATIENCE = Duration.ofSeconds(10);

    private final Arena arena = Arena.ofConfined();
    private final IngressRing ingress = new IngressRing(new DescriptorRing(arena, 64), new Overflow(arena), 1);

    IngressRingTest() {
        ingress.connect(new Idle());
    }

    @AfterEach
    void close() {
        arena.close();
    }

    @Test
    void shouldRestOnceForEachTimeThatBulkCameToItsEnd() throws Exception {
        awaitRest();

        assertEquals(0, ingress.takeRestNs());
    }

    @Test
    void shouldRestThoughBulkHasJustCome() throws Exception {
        awaitRest();

        ingress.batchBegins();
        ingress.claim().reset(EventKind.DATA, ingress.nowNs());
        ingress.publishBulk();
        ingress.rest();

        assertTrue(ingress.takeRestNs() > 0);
    }

    @Test
    void shouldNotRestWhenOtherTrafficHasJustCome() throws Exception {
        awaitRest();

        ingress.batchBegins();
        ingress.claim().reset(EventKind.DATA, ingress.nowNs());
        ingress.publish();
        ingress.rest();

        assertEquals(0, ingress.takeRestNs());
    }

    @Test
    void shouldNotRestWhileSomebodyWaitsForTheNextTurn() throws Exception {
        awaitRest();

        ingress.nextTurn(() -> {});
        ingress.rest();

        assertEquals(0, ingress.takeRestNs());
    }

    private void awaitRest() throws Exception {
        Await.value("rest", PATIENCE, this::rest, restNs -> restNs > 0);
    }

    private long rest() {
        ingress.batchBegins();
        ingress.rest();
        return ingress.takeRestNs();
    }

    private static final class Idle implements IngressRing.Placement {
        @Override
        public void batchReady() {}

        @Override
        public int headroom() {
            return 0;
        }

        @Override
        public boolean makeRoom() {
            return false;
        }

        @Override
        public boolean awaitRoom() {
            return false;
        }
    }
}
