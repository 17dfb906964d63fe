package io.marchproxy.l3l4.engine.demo;

import io.marchproxy.l3l4.engine.demo.Scoreboard.Gap;
import io.marchproxy.l3l4.engine.status.StatusReport;
import io.marchproxy.l3l4.engine.status.StatusReport.BooksLine;
import io.marchproxy.l3l4.engine.status.StatusReport.DropLine;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;

/**
 * What a run of the demonstration came to.
 *
 * @param seconds that were measured, the warm-up not among them
 * @param bulkBytes of the bulk streams that came back in that time
 * @param killedAtSeconds after they began
 * @param residence time in the pipeline alone, from a packet's arrival to its verdict
 * @param status of the proxy after the last connection had ended
 */
record DemoReport(
        double seconds,
        long bulkBytes,
        double killedAtSeconds,
        Percentiles tcp,
        Percentiles udp,
        Percentiles residence,
        Clients clients,
        StatusReport status) {

    /** Failover counts as good up to here. */
    static final long MOST_GAP_NS = TimeUnit.SECONDS.toNanos(1);

    /** The clients' own books, kept apart from the proxy's. */
    record Clients(
            long tcpConnections,
            long tcpRequests,
            long tcpBytesSent,
            long tcpBytesReceived,
            long bulkBytesReceived,
            long udpSent,
            long udpReceived,
            long cutConnections,
            long cutRequests,
            long cutBytes,
            long cutDatagrams,
            long lostRequests,
            long lostBytes,
            long lostDatagrams,
            long wrongBytes,
            long wrongDatagrams,
            Gap tcpGap,
            Gap udpGap) {

        static Clients of(Scoreboard board) {
            return new Clients(
                    board.tcpConnections.sum(),
                    board.tcpRequests.sum(),
                    board.tcpBytesSent.sum(),
                    board.tcpBytesReceived.sum(),
                    board.bulkBytesReceived.sum(),
                    board.udpSent.sum(),
                    board.udpReceived.sum(),
                    board.cutConnections.sum(),
                    board.cutRequests.sum(),
                    board.cutBytes.sum(),
                    board.cutDatagrams.sum(),
                    board.lostRequests.sum(),
                    board.lostBytes.sum(),
                    board.lostDatagrams.sum(),
                    board.wrongBytes.sum(),
                    board.wrongDatagrams.sum(),
                    board.tcpGap(),
                    board.udpGap());
        }
    }

    /** The proxy's books of one protocol and direction, classes together. */
    record Books(long in, long out, long dropped, long held, long inPackets) {
        static Books of(StatusReport status, String protocol, String direction) {
            long in = 0;
            long out = 0;
            long dropped = 0;
            long held = 0;
            long inPackets = 0;
            for (BooksLine line : status.books()) {
                if (line.protocol().equals(protocol) && line.direction().equals(direction)) {
                    in += line.inBytes();
                    out += line.outBytes();
                    dropped += line.drops().stream().mapToLong(DropLine::bytes).sum();
                    held += line.heldBytes();
                    inPackets += line.inPackets();
                }
            }
            return new Books(in, out, dropped, held, inPackets);
        }

        boolean balanced() {
            return in == out + dropped + held;
        }
    }

    Books books(String protocol, String direction) {
        return Books.of(status, protocol, direction);
    }

    /** All that went wrong, a sentence each; empty when the demonstration passed. */
    List<String> faults() {
        List<String> faults = new ArrayList<>();
        fault(faults, clients.lostRequests(), "requests or connections were lost");
        fault(faults, clients.lostBytes(), "bytes of TCP were lost");
        fault(faults, clients.wrongBytes(), "bytes of TCP were not those that had been sent");
        fault(faults, clients.lostDatagrams(), "datagrams were lost");
        fault(faults, clients.wrongDatagrams(), "datagrams were not those that had been sent");
        fault(faults, status.unexpectedErrors(), "errors in the proxy that nobody expected");
        if (clients.tcpRequests() == 0 || clients.bulkBytesReceived() == 0 || clients.udpReceived() == 0) {
            faults.add("some of the load never got through");
        }
        gap(faults, "TCP", clients.tcpGap());
        gap(faults, "UDP", clients.udpGap());
        books(faults);
        return faults;
    }

    private static void fault(List<String> faults, long count, String what) {
        if (count != 0) {
            faults.add(String.format("%,d %s", count, what));
        }
    }

    private static void gap(List<String> faults, String protocol, Gap gap) {
        if (gap.equals(Gap.NONE)) {
            faults.add("no " + protocol + " client of the killed backend was served again");
        } else if (gap.lastNs() > MOST_GAP_NS) {
            faults.add(String.format("%s failed over in %,d ms", protocol, gap.lastNs() / 1_000_000));
        }
    }

    private void books(List<String> faults) {
        for (BooksLine line : status.books()) {
            if (line.imbalanceBytes() != 0 || line.heldBytes() != 0) {
                faults.add(String.format(
                        "the books of %s, class %s, %s do not balance: %,d bytes are missing, %,d held",
                        line.protocol(),
                        line.trafficClass(),
                        line.direction(),
                        line.imbalanceBytes(),
                        line.heldBytes()));
            }
        }
        // What the proxy counted against what the clients counted; only bytes that the kill cut may differ.
        long tcpIn = books("tcp", "to-backend").in();
        if (tcpIn > clients.tcpBytesSent() || tcpIn < clients.tcpBytesSent() - clients.cutBytes()) {
            faults.add(String.format(
                    "the clients sent %,d bytes of TCP, the proxy counted %,d", clients.tcpBytesSent(), tcpIn));
        }
        long udpIn = books("udp", "to-backend").inPackets();
        if (udpIn != clients.udpSent()) {
            faults.add(
                    String.format("the clients sent %,d datagrams, the proxy counted %,d", clients.udpSent(), udpIn));
        }
    }
}
