package io.marchproxy.l3l4.engine.it;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.marchproxy.l3l4.engine.testing.DigestExchange;
import io.marchproxy.l3l4.engine.testing.Ports;
import io.marchproxy.l3l4.engine.testing.ProxyProcess;
import io.marchproxy.l3l4.engine.testing.RequiresNetNs;
import io.marchproxy.l3l4.engine.testing.TcpBackend;
import io.marchproxy.l3l4.engine.testing.TestNetwork;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Either family towards clients, either towards backends. */
class AddressFamiliesIT {

    @ParameterizedTest
    @CsvSource({"127.0.0.1, 127.0.0.1", "127.0.0.1, ::1", "::1, 127.0.0.1", "::1, ::1"})
    void shouldJoinEitherFamilyToEither(String listen, String behind) throws Exception {
        try (TcpBackend backend = TcpBackend.serving(new InetSocketAddress(behind, 0), DigestExchange::serve);
                ProxyProcess proxy = ProxyProcess.with(service(listen, 0, behind, backend.port()))
                        .start()) {
            DigestExchange.run(proxy.tcp("relay"), 6, 3_000_000);

            assertEquals(0, backend.failures().size(), () -> "" + backend.failures());
        }
    }

    @Test
    @RequiresNetNs
    void shouldServeBothFamiliesOnADualStackListenerAtEveryLocalAddress() throws Exception {
        int port = Ports.free();
        try (TestNetwork network = TestNetwork.create().configure("lo", "10.9.0.1/32", "fd09::1/128");
                TcpBackend backend = network.inside(
                        () -> TcpBackend.serving(new InetSocketAddress("fd09::1", 0), DigestExchange::serve));
                ProxyProcess proxy = ProxyProcess.with(service("::", port, "fd09::1", backend.port()))
                        .in(network)
                        .start()) {
            for (String address : List.of("127.0.0.1", "10.9.0.1", "::1", "fd09::1")) {
                try (Socket client = network.connect(address, port)) {
                    DigestExchange.run(client, 6, 1_000_000);
                }
            }
            assertEquals(0, backend.failures().size(), () -> "" + backend.failures());
            assertEquals(4, proxy.status().total("relay"));
            assertEquals(0, proxy.status().dropped("relay"));
        }
    }

    private static String service(String listen, int port, String behind, int backendPort) {
        return """
                services:
                  - name: relay
                    listen: "tcp://%s:%d"
                    backends: [ { id: b, address: "%s:%d" } ]
                """.formatted(bracketed(listen), port, bracketed(behind), backendPort);
    }

    private static String bracketed(String address) {
        return address.contains(":") ? "[" + address + "]" : address;
    }
}
