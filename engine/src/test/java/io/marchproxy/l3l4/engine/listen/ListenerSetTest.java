package io.marchproxy.l3l4.engine.listen;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;

import io.marchproxy.l3l4.config.settings.Protocol;
import io.marchproxy.l3l4.config.settings.ServiceSettings;
import io.marchproxy.l3l4.engine.shard.BackendDirectory;
import io.marchproxy.l3l4.engine.shard.DistinctErrors;
import io.marchproxy.l3l4.engine.shard.Listener;
import io.marchproxy.l3l4.engine.shard.ListenerSpec;
import io.marchproxy.l3l4.engine.shard.Shard;
import io.marchproxy.l3l4.engine.shard.ShardOptions;
import io.marchproxy.l3l4.engine.transport.TransportKind;
import io.marchproxy.l3l4.stages.classify.ClassifySettings;
import io.marchproxy.l3l4.stages.mark.MarkSettings;
import io.marchproxy.l3l4.stages.pipeline.PipelineSettings;
import io.marchproxy.l3l4.stages.route.RouteSettings;
import io.marchproxy.l3l4.stages.shape.ShapeSettings;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** The steps of a change, with listeners that only write down what is asked of them. */
class ListenerSetTest {
    private static final int TAKEN = 666;
    private static final int BROKEN = 667;
    private static final int FREE = 40_000;

    private final List<Shard> shards = List.of(shard(0), shard(1));
    private final List<String> calls = new ArrayList<>();
    private final ListenerSet set = new ListenerSet(shards, this::open);
    private final ServiceSettings former = settings("former");
    private final ServiceSettings later = settings("later");

    @AfterEach
    void close() throws Exception {
        for (Shard shard : shards) {
            shard.close();
        }
    }

    @Test
    void shouldBindOnEveryShardBeforeItStartsAny() throws Exception {
        ListenerSet.Change change = set.prepare(List.of(spec(0, 80, former)));
        assertEquals(List.of("0: bind 80", "1: bind 80"), calls);
        assertEquals(List.of(), set.addresses(7));
        set.commit(change);
        assertEquals(List.of("0: start 80", "1: start 80"), calls.subList(2, 4));
        assertEquals(List.of(loopback(80)), set.addresses(7));
        assertEquals(List.of(), set.addresses(8));
    }

    @Test
    void shouldKeepWhatStaysStartWhatIsNewAndCloseWhatGoes() throws Exception {
        set.commit(set.prepare(List.of(spec(0, 80, former), spec(1, 81, former))));
        calls.clear();
        set.commit(set.prepare(List.of(spec(1, 81, later), spec(2, 82, later))));
        assertEquals(
                List.of(
                        "0: bind 82",
                        "1: bind 82",
                        "0: update 81 later",
                        "1: update 81 later",
                        "0: start 82",
                        "1: start 82",
                        "1: close 80",
                        "0: close 80"),
                calls);
    }

    @Test
    void shouldGiveBackWhatItHadBoundWhenAnAddressIsTaken() throws Exception {
        set.commit(set.prepare(List.of(spec(0, 80, former))));
        calls.clear();
        assertThrows(ListenException.class, () -> set.prepare(List.of(spec(1, 81, former), spec(2, TAKEN, former))));
        assertEquals(List.of("0: bind 81", "1: bind 81", "1: close 81", "0: close 81"), calls);
        assertEquals(List.of(loopback(80)), set.addresses(7));
    }

    @Test
    void shouldGiveBackWhatItHadBoundWhenSomethingUnforeseenFails() {
        assertThrows(
                IllegalStateException.class, () -> set.prepare(List.of(spec(1, 81, former), spec(2, BROKEN, former))));
        assertEquals(List.of("0: bind 81", "1: bind 81", "1: close 81", "0: close 81"), calls);
    }

    @Test
    void shouldHaveAllShardsJoinTheFirstAtTheFreePortThatItTook() throws Exception {
        set.commit(set.prepare(List.of(spec(0, 0, former))));
        assertEquals(List.of("0: bind 0", "1: bind " + FREE), calls.subList(0, 2));
        assertEquals(FREE, set.addresses(7).getFirst().getPort());
        calls.clear();
        set.commit(set.prepare(List.of(spec(0, 0, later))));
        assertEquals(List.of("0: update " + FREE + " later", "1: update " + FREE + " later"), calls);
    }

    @Test
    void shouldCloseEverything() throws Exception {
        set.commit(set.prepare(List.of(spec(0, 80, former))));
        calls.clear();
        set.closeAll();
        set.closeAll();
        assertEquals(List.of("1: close 80", "0: close 80"), calls);
        assertEquals(List.of(), set.addresses(7));
    }

    @Test
    void shouldSayInWordsWhyAnAddressCannotBeListenedOn() {
        assertEquals(
                "service former can't listen on tcp://127.0.0.1:80: the port is taken by another program",
                explain("bind(..) failed: Address already in use"));
        assertEquals(
                "service former can't listen on tcp://127.0.0.1:80: no permission; ports below 1024 need root,"
                        + " CAP_NET_BIND_SERVICE or a lower net.ipv4.ip_unprivileged_port_start",
                explain("Permission denied"));
        assertEquals(
                "service former can't listen on tcp://127.0.0.1:80: the address is not one of this machine's",
                explain("Cannot assign requested address"));
        assertEquals("service former can't listen on tcp://127.0.0.1:80: odd", explain("odd"));
        ListenerSpec v6 = new ListenerSpec(0, 7, new InetSocketAddress(InetAddress.ofLiteral("::1"), 8080), former);
        assertEquals(
                "service former can't listen on udp://[::1]:8080: no permission",
                BindFailure.explain("udp", v6, new IOException("permission denied"))
                        .getMessage());
    }

    @Test
    void shouldCallTheWildcardAsItIsWritten() {
        InetSocketAddress everywhere = new InetSocketAddress(InetAddress.ofLiteral("::"), 28_080);

        assertEquals("tcp://*:28080", addressOf(everywhere, "*"));
        assertEquals("tcp://[::]:28080", addressOf(everywhere, "::"));
        assertEquals(
                "tcp://0.0.0.0:28080",
                addressOf(new InetSocketAddress(InetAddress.ofLiteral("0.0.0.0"), 28_080), "0.0.0.0"));
    }

    private static String addressOf(InetSocketAddress address, String written) {
        ServiceSettings settings = ServiceSettings.builder("web")
                .listen(Protocol.TCP, written, 28_080)
                .backend("b", "127.0.0.1", 81)
                .build();
        ListenerSpec spec = new ListenerSpec(0, 7, address, settings);
        String message = String.valueOf(
                BindFailure.explain("tcp", spec, new IOException("in use")).getMessage());
        return message.replaceAll(".*listen on (.*): in use", "$1");
    }

    private String explain(String message) {
        return String.valueOf(BindFailure.explain("tcp", spec(0, 80, former), new IOException(message))
                .getMessage());
    }

    private Listener open(Shard shard, ListenerSpec spec) throws ListenException {
        assertSame(shards.get(shard.id()), shard);
        int port = spec.address().getPort();
        if (port == TAKEN) {
            throw new ListenException("taken");
        }
        if (port == BROKEN) {
            throw new IllegalStateException("broken");
        }
        calls.add(shard.id() + ": bind " + port);
        return new Written(
                shard.id(), port == 0 ? new InetSocketAddress(spec.address().getAddress(), FREE) : spec.address());
    }

    private final class Written implements Listener {
        private final int shard;
        private final InetSocketAddress address;

        Written(int shard, InetSocketAddress address) {
            this.shard = shard;
            this.address = address;
        }

        @Override
        public InetSocketAddress address() {
            return address;
        }

        @Override
        public void start() {
            calls.add(shard + ": start " + address.getPort());
        }

        @Override
        public void update(ServiceSettings settings) {
            calls.add(shard + ": update " + address.getPort() + " " + settings.name());
        }

        @Override
        public void close() {
            calls.add(shard + ": close " + address.getPort());
        }
    }

    private static ListenerSpec spec(int listener, int port, ServiceSettings settings) {
        return new ListenerSpec(listener, 7, loopback(port), settings);
    }

    private static InetSocketAddress loopback(int port) {
        return new InetSocketAddress(InetAddress.ofLiteral("127.0.0.1"), port);
    }

    private static ServiceSettings settings(String name) {
        return ServiceSettings.builder(name)
                .listen(Protocol.TCP, "127.0.0.1", 80)
                .backend("b", "127.0.0.1", 81)
                .build();
    }

    private static Shard shard(int id) {
        PipelineSettings settings = new PipelineSettings(
                1,
                "test",
                new ClassifySettings(List.of(), List.of()),
                new ShapeSettings(1, 1, 1, 1),
                new MarkSettings(true, 46, 34, 18, 0),
                new RouteSettings(List.of()));
        ShardOptions options = new ShardOptions(id, TransportKind.NIO, false, 2048, 10, 1, List.of());
        return new Shard(options, settings, new BackendDirectory(), (backend, errno) -> {}, new DistinctErrors());
    }
}
