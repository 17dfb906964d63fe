package io.marchproxy.l3l4.engine.quota;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.Test;

class QuotaBalancerTest {
    private static final int SERVICE = 3;

    private final List<FakeShard> shards = List.of(new FakeShard(), new FakeShard(), new FakeShard());
    private final QuotaBalancer balancer = new QuotaBalancer(shards, Runnable::run);

    @Test
    void shouldShareACapOutAtOnce() {
        assertTrue(balancer.cap(SERVICE, 30).isDone());
        assertEquals(List.of(10, 10, 10), shares());
    }

    @Test
    void shouldMoveFreeSharesToWhereTheyAreAskedFor() {
        balancer.cap(SERVICE, 30).join();
        shards.get(0).used = 10;
        shards.get(0).refused = 100;
        balancer.turn();
        assertEquals(30, shards.get(0).share);
        assertEquals(30, shares().stream().mapToInt(Integer::intValue).sum());
    }

    @Test
    void shouldWaitForALoweredShareBeforeItRaisesAnother() {
        balancer.cap(SERVICE, 30).join();
        shards.get(1).slow = new ArrayList<>();
        shards.get(0).used = 10;
        shards.get(0).refused = 100;
        balancer.turn();
        assertEquals(10, shards.get(0).share);
        shards.get(1).answer();
        assertEquals(30, shards.get(0).share);
    }

    @Test
    void shouldHaveANewCapWaitForATurnThatIsUnderWay() {
        balancer.cap(SERVICE, 30).join();
        shards.get(1).slow = new ArrayList<>();
        shards.get(0).used = 10;
        shards.get(0).refused = 100;
        balancer.turn();
        CompletableFuture<Void> lowered = balancer.cap(SERVICE, 12);
        assertFalse(lowered.isDone());
        assertEquals(List.of(10, 10, 0), shares(), "the second shard has not answered");
        shards.get(1).answer();
        assertTrue(lowered.isDone());
        assertEquals(12, shares().stream().mapToInt(Integer::intValue).sum());
        balancer.turn();
        assertEquals(12, shares().stream().mapToInt(Integer::intValue).sum());
    }

    @Test
    void shouldFollowACapThatIsLowered() {
        balancer.cap(SERVICE, 30).join();
        balancer.cap(SERVICE, 3).join();
        assertEquals(List.of(1, 1, 1), shares());
    }

    private List<Integer> shares() {
        return shards.stream().map(shard -> shard.share).toList();
    }

    private static final class FakeShard implements QuotaBalancer.Member {
        private int used;
        private long refused;
        private int share;
        private List<Runnable> slow;

        @Override
        public int used(int service) {
            return used;
        }

        @Override
        public long refused(int service) {
            return refused;
        }

        @Override
        public CompletableFuture<Void> share(int service, int amount) {
            assertEquals(SERVICE, service);
            CompletableFuture<Void> done = new CompletableFuture<>();
            Runnable apply = () -> {
                share = amount;
                done.complete(null);
            };
            if (slow == null) {
                apply.run();
            } else {
                slow.add(apply);
            }
            return done;
        }

        private void answer() {
            List<Runnable> waiting = slow;
            slow = null;
            waiting.forEach(Runnable::run);
        }
    }
}
