package io.marchproxy.l3l4.engine.settings;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.marchproxy.l3l4.config.settings.Protocol;
import io.marchproxy.l3l4.config.settings.QosSettings;
import io.marchproxy.l3l4.config.settings.ServiceSettings;
import io.marchproxy.l3l4.engine.settings.CompiledSettings.CompiledBackend;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReference;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(30)
class NameResolverTest {
    private static final Duration LONG = Duration.ofMinutes(5);
    private static final InetAddress FOUR = InetAddress.ofLiteral("127.0.0.1");
    private static final InetAddress SIX = InetAddress.ofLiteral("::1");

    /** A name server that answers nobody until the test is over. */
    private final CountDownLatch answers = new CountDownLatch(1);

    private final CountDownLatch asked = new CountDownLatch(1);

    @AfterEach
    void release() {
        answers.countDown();
    }

    @Test
    void shouldKeepTheAddressesOfANameThatIsNotFoundAgain() throws Exception {
        AtomicReference<InetAddress[]> means = new AtomicReference<>(new InetAddress[] {FOUR});
        NameResolver resolver = new NameResolver(
                host -> {
                    InetAddress[] now = means.get();
                    if (now.length == 0) {
                        throw new UnknownHostException(host);
                    }
                    return now;
                },
                LONG);
        List<CompiledBackend> first = new SettingsCompiler(resolver)
                .compile(SettingsCompilerTest.settings(
                        QosSettings.DEFAULT,
                        ServiceSettings.builder("web")
                                .listen(Protocol.TCP, "127.0.0.1", 80)
                                .backend("b", "some.example", 9001)
                                .build()))
                .backends();
        means.set(new InetAddress[] {SIX, FOUR});
        CompiledBackend both = resolver.again(first).getFirst();
        assertEquals(2, both.addresses().size());
        assertEquals(FOUR, both.target().address().getAddress(), "the one in use stays while the name has it");

        means.set(new InetAddress[] {SIX});
        CompiledBackend moved = resolver.again(List.of(both)).getFirst();
        assertEquals(SIX, moved.target().address().getAddress());

        means.set(new InetAddress[0]);
        assertEquals(List.of(moved), resolver.again(List.of(moved)));
    }

    @Test
    void shouldGiveEveryAddressOfANameOnceInTheSystemsOrder() {
        NameResolver resolver = new NameResolver(host -> new InetAddress[] {FOUR, SIX, FOUR}, LONG);
        Map<String, NameResolver.Resolution> found = resolver.resolve(List.of("both", "::1"));
        assertEquals(List.of(FOUR, SIX), addresses(found, "both"));
        assertEquals(List.of(SIX), addresses(found, "::1"));
    }

    @Test
    void shouldWaitForAllNamesTogetherNoLongerThanTheBound() {
        NameResolver resolver = new NameResolver(this::silent, Duration.ofSeconds(1));
        List<String> hosts = IntStream.range(0, 40).mapToObj(i -> "silent" + i).toList();
        long begin = System.nanoTime();
        Map<String, NameResolver.Resolution> found = resolver.resolve(hosts);
        long tookNs = System.nanoTime() - begin;
        assertTrue(tookNs < TimeUnit.SECONDS.toNanos(10), "one after the other it would be 40 s: " + tookNs);
        assertEquals(40, found.size());
        assertEquals(
                "backend b: host name silent7 was not resolved within 1 s: does the name server answer?",
                NameResolver.fault("backend b", "silent7", found.get("silent7")));
    }

    @Test
    void shouldStopWaitingWhenTheServiceEnds() throws Exception {
        NameResolver resolver = new NameResolver(this::silent, LONG);
        CompletableFuture<Map<String, NameResolver.Resolution>> found =
                CompletableFuture.supplyAsync(() -> resolver.resolve(List.of("silent")));
        asked.await();
        resolver.end();
        String fault = NameResolver.fault("x", "silent", found.get().get("silent"));
        assertEquals("x: host name silent was not resolved: the service is ending", fault);
    }

    @Test
    void shouldTellAnUnknownNameFromOneThatNobodyAnswersFor() {
        NameResolver resolver = new NameResolver(
                host -> {
                    throw new UnknownHostException(host);
                },
                LONG);
        String fault = NameResolver.fault(
                "x", "nobody", resolver.resolve(List.of("nobody")).get("nobody"));
        assertEquals("x: unknown host name nobody", fault);
    }

    private InetAddress[] silent(String host) throws UnknownHostException {
        asked.countDown();
        try {
            answers.await();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
        throw new UnknownHostException(host);
    }

    private static List<InetAddress> addresses(Map<String, NameResolver.Resolution> found, String host) {
        return found.getOrDefault(host, new NameResolver.Resolution(List.of(), ""))
                .addresses();
    }
}
