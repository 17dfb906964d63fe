package io.marchproxy.l3l4.replay.diff;

import io.marchproxy.l3l4.config.settings.JournalSettings;
import io.marchproxy.l3l4.engine.journal.SessionInfo;
import io.marchproxy.l3l4.stages.classify.ClassifySettings;
import io.marchproxy.l3l4.stages.mark.MarkSettings;
import io.marchproxy.l3l4.stages.pipeline.DropReason;
import io.marchproxy.l3l4.stages.pipeline.PipelineSettings;
import io.marchproxy.l3l4.stages.route.RouteSettings;
import io.marchproxy.l3l4.stages.shape.ShapeSettings;
import java.util.List;

/** A report over a made-up minute, the same each time: what a smaller rate would do to a service with two backends. */
final class Sample {
    static final long BEGIN_MS = 1_795_000_000_000L;
    private static final long MS = 1_000_000L;
    private static final int PACKETS = 6000;
    private static final int SPACING_MS = 10;
    private static final String EVIL = "<b>\"api\" & 'co'</b>";

    private final Ledger ledger = new Ledger();
    private final int here = ledger.route(new Route("dns/udp", "here", "onprem", "local"));
    private final int there = ledger.route(new Route("dns/udp", "there", "aws", "us-east-1"));
    private final int evil = ledger.route(new Route(EVIL, "x", "gcp", "europe-west4"));
    private final int rule = ledger.rule("udp source 10.1.0.0/16: P1");

    private Sample() {
        ledger.begin(session());
        ledger.covers(BEGIN_MS, BEGIN_MS + 60_000);
    }

    private static SessionInfo session() {
        return new SessionInfo(
                "0",
                JournalSettings.Mode.PACKETS,
                0,
                1,
                false,
                1,
                1,
                BEGIN_MS,
                0,
                new PipelineSettings(
                        1,
                        "cafe",
                        new ClassifySettings(List.of(), List.of()),
                        new ShapeSettings(1, 1, 1, 1),
                        new MarkSettings(true, 46, 34, 18, 0),
                        new RouteSettings(List.of())));
    }

    /** The minute as a report. */
    static DiffReport report() {
        Sample sample = new Sample();
        for (int i = 0; i < PACKETS; i++) {
            sample.datagram(i);
            if (i % 10 == 0) {
                sample.other(i);
            }
        }
        sample.refused();
        sample.waits();
        Draft draft = new Draft("data", "candidate.yaml", "f00d");
        draft.recorded("cafe");
        draft.note("service " + EVIL + " is new: nothing was recorded of its own");
        draft.shard(1, 13_212);
        return sample.ledger.report(draft, 3);
    }

    /** A datagram and its answer: the candidate holds back bursts, and chooses the other backend for half of them. */
    private void datagram(int i) {
        long arrivalNs = (long) i * SPACING_MS * MS;
        boolean isBurst = i % 1000 >= 700;
        boolean isMatched = i % 3 == 0;
        Client client = ledger.client(4, 0, 0x0a00_0001L + i % 7);
        for (boolean toBackend : new boolean[] {true, false}) {
            int bytes = toBackend ? 100 : 1000;
            Ticket ticket = ledger.tickets().take();
            ticket.begin(true, toBackend, 1, bytes, arrivalNs, true);
            ticket.belongsTo(ledger.service("dns/udp"), client);
            ticket.before().forwarded(isMatched ? 1 : 2, isMatched ? rule : 0, isMatched ? 34 : 18, here, arrivalNs);
            long delayNs = isBurst ? (i % 1000 - 699) * MS : 0;
            if (isBurst && i % 1000 > 950) {
                ticket.after().dropped(DropReason.QUEUE_FULL, 2, isMatched ? rule : 0, i % 2 == 0 ? here : there);
            } else {
                ticket.after().forwarded(2, isMatched ? rule : 0, 18, i % 2 == 0 ? here : there, arrivalNs + delayNs);
            }
            if (!toBackend) {
                ticket.after().costs(i % 2 == 0 ? 0 : 90);
            }
            ledger.settle(ticket);
        }
    }

    /** Traffic that nothing changes for, of a service whose name wants to be markup. */
    private void other(int i) {
        long arrivalNs = (long) i * SPACING_MS * MS;
        Ticket ticket = ledger.tickets().take();
        ticket.begin(true, false, 2, 3000, arrivalNs, true);
        ticket.belongsTo(ledger.service(EVIL), ledger.client(6, 0x2001_0db8L << 32, 1));
        ticket.before().forwarded(3, 0, 0, evil, arrivalNs);
        ticket.before().costs(80);
        ticket.after().forwarded(3, 0, 0, evil, arrivalNs);
        ticket.after().costs(80);
        ledger.settle(ticket);
    }

    private void refused() {
        Ticket ticket = ledger.tickets().take();
        ticket.begin(false, true, 1, 0, 0, true);
        ticket.belongsTo(ledger.service(EVIL), ledger.client(6, 0x2001_0db8L << 32, 1));
        ticket.before().dropped(DropReason.CONNECTION_CAP, 3, 0, 0);
        ticket.after().dropped(DropReason.CONNECTION_CAP, 3, 0, 0);
        ledger.settle(ticket);
    }

    private void waits() {
        Ticket ticket = ledger.tickets().take();
        ticket.begin(true, true, 1, 100, 59_999 * MS, true);
        ticket.belongsTo(ledger.service("dns/udp"), ledger.client(4, 0, 0x0a00_0001L));
        ticket.before().forwarded(2, 0, 18, here, 59_999 * MS);
        ticket.after().waits(2, 0);
        ticket.after().ends();
        ledger.settle(ticket);
    }
}
