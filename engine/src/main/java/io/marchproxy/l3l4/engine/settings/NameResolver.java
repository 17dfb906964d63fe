package io.marchproxy.l3l4.engine.settings;

import io.marchproxy.l3l4.config.value.Addresses;
import io.marchproxy.l3l4.engine.settings.CompiledSettings.CompiledBackend;
import java.net.InetAddress;
import java.net.NetworkInterface;
import java.net.SocketException;
import java.net.UnknownHostException;
import java.time.Duration;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.Executor;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * Turns host names into addresses, all at once and within a bound: a name server that does not answer costs one wait, not
 * one for each name, and the end of the service cuts even that short. Any thread.
 */
public final class NameResolver {
    /** Asks the system; may take as long as the system's own time-outs. */
    @FunctionalInterface
    interface Lookup {
        InetAddress[] all(String host) throws UnknownHostException;
    }

    /**
     * What a name came to.
     *
     * @param addresses in the order to try them; empty when there is none
     * @param fault why there is none, as the end of a sentence about the name, or the empty text
     */
    record Resolution(List<InetAddress> addresses, String fault) {}

    static final String LOCALHOST = "localhost";

    /** What localhost is, whatever a hosts file leaves out (RFC 6761, 6.3); only the families that this machine has. */
    private static final List<InetAddress> LOOPBACKS = Stream.of("127.0.0.1", "::1")
            .map(InetAddress::ofLiteral)
            .filter(NameResolver::isOfThisMachine)
            .toList();

    private static final byte[] STAND_IN = {(byte) 192, 0, 2, 1};

    private static final Duration LONGEST = Duration.ofSeconds(5);
    private static final int THREADS = 64;
    private static final int IDLE_SECONDS = 10;

    /** Platform threads: the system's look-up blocks the thread in native code, where a virtual one would hold its carrier. */
    private static final Executor THREADS_FOR_LOOKUPS = threads();

    private final Lookup lookup;
    private final Duration longest;
    private final CompletableFuture<Void> ended = new CompletableFuture<>();

    /** Resolves as the system does. */
    public NameResolver() {
        this(InetAddress::getAllByName, LONGEST);
    }

    NameResolver(Lookup lookup, Duration longest) {
        this.lookup = lookup;
        this.longest = longest;
    }

    /**
     * Asks nobody, and has one stand-in address for every name (TEST-NET-1, RFC 5737): for a look at what would be decided, which
     * depends on no backend's address, on a machine that need not know the names.
     */
    public static NameResolver offline() {
        return new NameResolver(host -> new InetAddress[] {InetAddress.getByAddress(host, STAND_IN.clone())}, LONGEST);
    }

    /**
     * Looks backends' names up again. Takes as long as {@link #resolve} does.
     *
     * @return the backends with the addresses that their names have now; one whose name has none keeps those that it had
     */
    public List<CompiledBackend> again(List<CompiledBackend> backends) {
        Set<String> hosts = backends.stream()
                .map(backend -> backend.settings().host())
                .filter(NameResolver::isName)
                .collect(Collectors.toSet());
        Map<String, Resolution> found = resolve(hosts);
        return backends.stream()
                .map(backend -> {
                    Resolution now = found.get(backend.settings().host());
                    return now == null || now.addresses().isEmpty() ? backend : backend.of(now.addresses());
                })
                .toList();
    }

    /** Whether what a host is may change: neither an address nor {@code localhost}. */
    public static boolean isName(String host) {
        return Addresses.literal(host) == null && !host.equals(LOCALHOST);
    }

    /** Ends all waiting, now and later. */
    public void end() {
        ended.complete(null);
    }

    /** Each host's addresses. Takes as long as the slowest name, and no longer than the bound. */
    Map<String, Resolution> resolve(Collection<String> hosts) {
        Map<String, Resolution> known = new HashMap<>();
        Map<String, CompletableFuture<List<InetAddress>>> asked = new HashMap<>();
        for (String host : hosts) {
            InetAddress literal = Addresses.literal(host);
            if (literal != null) {
                known.put(host, new Resolution(List.of(literal), ""));
            } else if (host.equals(LOCALHOST) && !LOOPBACKS.isEmpty()) {
                known.put(host, new Resolution(LOOPBACKS, ""));
            } else {
                asked.computeIfAbsent(host, this::ask);
            }
        }
        CompletableFuture<Boolean> all = CompletableFuture.allOf(asked.values().toArray(CompletableFuture[]::new))
                .handle((_, failure) -> failure == null);
        CompletableFuture.anyOf(all, ended)
                .completeOnTimeout(null, longest.toMillis(), TimeUnit.MILLISECONDS)
                .join();
        asked.forEach((host, answer) -> known.put(host, answered(answer)));
        return known;
    }

    private CompletableFuture<List<InetAddress>> ask(String host) {
        CompletableFuture<List<InetAddress>> answer = new CompletableFuture<>();
        THREADS_FOR_LOOKUPS.execute(() -> {
            if (answer.isDone()) {
                return;
            }
            try {
                answer.complete(Stream.of(lookup.all(host)).distinct().toList());
            } catch (UnknownHostException | RuntimeException e) {
                answer.completeExceptionally(e);
            }
        });
        return answer;
    }

    private Resolution answered(CompletableFuture<List<InetAddress>> answer) {
        answer.cancel(false);
        try {
            return new Resolution(answer.join(), "");
        } catch (CancellationException _) {
            return new Resolution(
                    List.of(),
                    ended.isDone()
                            ? "was not resolved: the service is ending"
                            : "was not resolved within " + longest.toSeconds() + " s: does the name server answer?");
        } catch (CompletionException _) {
            return new Resolution(List.of(), "");
        }
    }

    private static Executor threads() {
        ThreadPoolExecutor pool = new ThreadPoolExecutor(
                THREADS,
                THREADS,
                IDLE_SECONDS,
                TimeUnit.SECONDS,
                new LinkedBlockingQueue<>(),
                Thread.ofPlatform().daemon().name("resolver-", 0).factory());
        pool.allowCoreThreadTimeOut(true);
        return pool;
    }

    private static boolean isOfThisMachine(InetAddress address) {
        try {
            return NetworkInterface.getByInetAddress(address) != null;
        } catch (SocketException _) {
            return false;
        }
    }

    /** The fault of a name in words for the user, or null when it has an address. */
    static @Nullable String fault(String what, String host, Resolution resolution) {
        if (!resolution.addresses().isEmpty()) {
            return null;
        }
        return resolution.fault().isEmpty()
                ? what + ": unknown host name " + host
                : what + ": host name " + host + " " + resolution.fault();
    }
}
