package io.marchproxy.l3l4.engine.transport;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

class TransportsTest {
    @Test
    void shouldChooseTheBestThatIsToBeHad() {
        Transports.Choice choice = Transports.choose(null, kind -> null);
        assertEquals(TransportKind.IO_URING, choice.kind());
        assertEquals(List.of(), choice.refusals());
    }

    @Test
    void shouldSayWhyItFallsBack() {
        Transports.Choice choice =
                Transports.choose(null, kind -> kind == TransportKind.IO_URING ? "Operation not permitted" : null);
        assertEquals(TransportKind.EPOLL, choice.kind());
        assertEquals(List.of("io_uring is refused here (Operation not permitted)"), choice.refusals());
    }

    @Test
    void shouldFallBackTwice() {
        Transports.Choice choice = Transports.choose(
                TransportKind.IO_URING, kind -> kind == TransportKind.NIO ? null : "no native library");
        assertEquals(TransportKind.NIO, choice.kind());
        assertEquals(
                List.of("io_uring is refused here (no native library)", "epoll is refused here (no native library)"),
                choice.refusals());
    }

    @Test
    void shouldNotAskForABetterOneThanIsWanted() {
        Transports.Choice choice =
                Transports.choose(TransportKind.EPOLL, kind -> kind == TransportKind.IO_URING ? "never asked" : null);
        assertEquals(TransportKind.EPOLL, choice.kind());
        assertEquals(List.of(), choice.refusals());
    }

    @Test
    void shouldNotLiveWithoutNio() {
        assertThrows(IllegalStateException.class, () -> Transports.choose(null, kind -> "no"));
    }

    @Test
    void shouldAlwaysFindNioOnThisMachine() {
        assertEquals(TransportKind.NIO, Transports.choose(TransportKind.NIO).kind());
    }

    @ParameterizedTest
    @EnumSource(TransportKind.class)
    void shouldMakeHandlersOfEachKind(TransportKind kind) {
        assertNotNull(Transports.handlers(Transports.choose(kind).kind()));
    }
}
