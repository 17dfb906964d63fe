package io.marchproxy.l3l4.replay;

import io.marchproxy.l3l4.config.settings.JournalSettings;
import io.marchproxy.l3l4.engine.journal.Journals;
import io.marchproxy.l3l4.engine.journal.JournalsAt;
import io.marchproxy.l3l4.stages.classify.ClassifySettings;
import io.marchproxy.l3l4.stages.classify.ServiceProfile;
import io.marchproxy.l3l4.stages.flow.FlowEntry;
import io.marchproxy.l3l4.stages.flow.FlowLayout;
import io.marchproxy.l3l4.stages.mark.MarkSettings;
import io.marchproxy.l3l4.stages.packet.EventKind;
import io.marchproxy.l3l4.stages.packet.PacketDescriptor;
import io.marchproxy.l3l4.stages.pipeline.Pipeline;
import io.marchproxy.l3l4.stages.pipeline.PipelineSettings;
import io.marchproxy.l3l4.stages.route.BackendPool;
import io.marchproxy.l3l4.stages.route.RouteSettings;
import io.marchproxy.l3l4.stages.shape.RateLimit;
import io.marchproxy.l3l4.stages.shape.ServiceLimits;
import io.marchproxy.l3l4.stages.shape.ShapeSettings;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.file.Path;
import java.time.InstantSource;
import java.util.List;
import org.HdrHistogram.Histogram;

/** Journals of a pipeline without sockets, in time that runs as told. */
final class Synthetic implements AutoCloseable {
    private static final int CAPACITY = 100_000;
    private static final long SEED = 7;
    private static final long JOURNAL_BYTES = 80_000_000;
    private static final long PACKET_NS = 1000;
    private static final int CLIENTS = 1000;
    private static final long IDLE_NS = 1_000_000_000L;

    private final Journals journals;
    private final RecordedPipeline recorded;
    private final Pipeline pipeline;
    private final PacketDescriptor packet;
    private long nowNs = System.nanoTime();
    private int sent;
    private int clients = CLIENTS;
    private boolean isThrottled;

    /**
     * A recording.
     *
     * @param told the settings that the journal is told of, which may be a lie
     * @param real those of the pipeline
     */
    Synthetic(Path data, JournalSettings.Mode mode, PipelineSettings told, PipelineSettings real) throws IOException {
        this(data, mode, told, real, JOURNAL_BYTES);
    }

    /** The same with a budget for its files. */
    Synthetic(Path data, JournalSettings.Mode mode, PipelineSettings told, PipelineSettings real, long journalBytes)
            throws IOException {
        this(data, mode, told, real, journalBytes, true, InstantSource.system());
    }

    /** A recording that begins when a wall clock says. */
    static Synthetic at(Path data, JournalSettings.Mode mode, PipelineSettings settings, InstantSource wall)
            throws IOException {
        return new Synthetic(data, mode, settings, settings, JOURNAL_BYTES, true, wall);
    }

    private Synthetic(
            Path data,
            JournalSettings.Mode mode,
            PipelineSettings told,
            PipelineSettings real,
            long journalBytes,
            boolean hasDisk,
            InstantSource wall)
            throws IOException {
        journals = JournalsAt.open(data, RecordedPipeline.journal(mode, journalBytes), wall);
        recorded = new RecordedPipeline(journals, CAPACITY, SEED, told, real);
        pipeline = recorded.pipeline();
        packet = recorded.event();
        isThrottled = hasDisk;
        if (hasDisk) {
            journals.start();
        }
    }

    static PipelineSettings settings(int dscpP2) {
        return settings(dscpP2, new ShapeSettings(1000, 1000, 1000, 1000));
    }

    /** With a rate, in bits per second, that its only service has. */
    static PipelineSettings limited(long rate) {
        ShapeSettings none = new ShapeSettings(1000, 1000, 1000, 1000);
        RateLimit limit = new RateLimit(rate, 16_384);
        return settings(
                18, new ShapeSettings(none.link(), none.classes(), List.of(new ServiceLimits(limit, limit)), 1));
    }

    private static PipelineSettings settings(int dscpP2, ShapeSettings shape) {
        return new PipelineSettings(
                1,
                "cafe",
                new ClassifySettings(
                        List.of(new ServiceProfile(0, "dns", 17, true, 2, IDLE_NS, CAPACITY, false, 0)), List.of()),
                shape,
                new MarkSettings(true, 46, 34, dscpP2, 0),
                new RouteSettings(List.of(new BackendPool(List.of(7, 9), 1, 1_000_000_000L))));
    }

    /** Sends datagrams through, no faster than the disk takes their records. */
    Synthetic datagrams(int count) {
        return datagrams(count, new Histogram(2));
    }

    /** A recording whose disk takes nothing before {@link #diskGoesOn}. */
    static Synthetic withoutDisk(Path data, PipelineSettings settings) throws IOException {
        return new Synthetic(
                data, JournalSettings.Mode.PACKETS, settings, settings, JOURNAL_BYTES, false, InstantSource.system());
    }

    /** Sends datagrams that the disk does not take the records of, until some are lost. */
    Synthetic overrun() {
        while (journals.status().getFirst().lostRecords() == 0) {
            datagrams(10_000);
        }
        return this;
    }

    /** The disk takes records from now on, and has taken those that waited. */
    Synthetic diskGoesOn() {
        journals.start();
        isThrottled = true;
        recorded.awaitDisk(0);
        return this;
    }

    /** Likewise, and records how many nanoseconds each takes. */
    Synthetic datagrams(int count, Histogram handling) {
        for (int i = 0; i < count; i++) {
            if (isThrottled && (i & 1023) == 0) {
                recorded.awaitDisk(4 << 20);
            }
            packet.reset(EventKind.DATA, nowNs += PACKET_NS);
            fromClient(sent++ % clients);
            packet.lengthBytes(64);
            long beganNs = System.nanoTime();
            pipeline.handle(packet);
            handling.recordValue(System.nanoTime() - beganNs);
        }
        return this;
    }

    private void fromClient(int number) {
        packet.protocol(17);
        packet.ipVersion(4);
        packet.sourceLow(0x0a00_0001L);
        packet.sourcePort(1024 + number);
        packet.destinationLow(0x7f00_0001L);
        packet.destinationPort(53);
    }

    /** Tells of sessions of before the start, of the first so many clients: each sent so many datagrams, of which one was dropped. */
    Synthetic remembers(int sessions, int datagrams) {
        MemorySegment before = recorded.arena().allocate(FlowLayout.SIZE, Long.BYTES);
        for (int i = 0; i < sessions; i++) {
            packet.reset(EventKind.RESTORE, nowNs += PACKET_NS);
            fromClient(i);
            packet.argument0(sessions);
            packet.backend(7);
            packet.segmentBytes(1);
            long entry = before.address();
            FlowEntry.firstSeenNs(entry, nowNs - IDLE_NS);
            FlowEntry.lastSeenNs(entry, nowNs - IDLE_NS / 2);
            before.set(ValueLayout.JAVA_LONG, FlowLayout.PACKETS_TO_BACKEND, datagrams);
            before.set(ValueLayout.JAVA_LONG, FlowLayout.BYTES_TO_BACKEND, 64L * datagrams);
            packet.payloadAddress(entry + FlowLayout.REMEMBERED);
            pipeline.handle(packet);
        }
        return this;
    }

    /** From now on datagrams come from so many clients in turn. */
    Synthetic clients(int count) {
        clients = count;
        return this;
    }

    Journals journals() {
        return journals;
    }

    long recordedBytes() {
        return journals.status().getFirst().bytes();
    }

    /** Lets time pass until every flow has ended for want of packets. */
    Synthetic silence() {
        packet.reset(EventKind.TICK, nowNs += 2 * IDLE_NS);
        pipeline.handle(packet);
        return this;
    }

    @Override
    public void close() {
        recorded.close();
    }
}
