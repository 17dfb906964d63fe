package io.marchproxy.l3l4.replay;

import io.marchproxy.l3l4.config.Version;
import io.marchproxy.l3l4.config.settings.JournalSettings;
import io.marchproxy.l3l4.engine.flow.OffHeapFlowTable;
import io.marchproxy.l3l4.engine.journal.JournalException;
import io.marchproxy.l3l4.engine.journal.JournalWriter;
import io.marchproxy.l3l4.engine.journal.SessionInfo;
import io.marchproxy.l3l4.replay.pcap.CaptureReader;
import io.marchproxy.l3l4.replay.pcap.LinkLayer;
import io.marchproxy.l3l4.stages.flow.FlowEnd;
import io.marchproxy.l3l4.stages.packet.DescriptorFlags;
import io.marchproxy.l3l4.stages.packet.DescriptorLayout;
import io.marchproxy.l3l4.stages.packet.DescriptorSlab;
import io.marchproxy.l3l4.stages.packet.EventKind;
import io.marchproxy.l3l4.stages.packet.IpPacket;
import io.marchproxy.l3l4.stages.packet.PacketDescriptor;
import io.marchproxy.l3l4.stages.packet.ParseResult;
import io.marchproxy.l3l4.stages.pipeline.DropReason;
import io.marchproxy.l3l4.stages.pipeline.Pipeline;
import io.marchproxy.l3l4.stages.pipeline.PipelineOutput;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.foreign.Arena;
import java.nio.file.Path;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * Puts captured packets through a pipeline, each at the time at which it was captured, and records what is decided. Time goes
 * on from packet to packet and never back: one that is older than another before it is handled at that one's time. One thread.
 */
final class CaptureImport implements PipelineOutput, AutoCloseable {
    /** Hears now and then that work goes on. */
    interface Progress {
        void goesOn();
    }

    /** No client can aim at a replay: the same captures shall give the same journal. */
    private static final long SEED = 0x6361_7074_7572_6573L;

    private static final long MILLI_NS = 1_000_000;

    /** A longer one is a clock that was set, or damage: it is left out, as a journal with such a gap is taken for a damaged one. */
    private static final long LONGEST_SILENCE_NS = TimeUnit.DAYS.toNanos(180);

    private static final int PROGRESS_MASK = 0xfff;

    private final IpServices services;
    private final Path output;
    private final int snapBytes;
    private final Arena arena = Arena.ofConfined();
    private final PacketDescriptor event;
    private final OffHeapFlowTable flows;
    private final IpPacket parser = new IpPacket();
    private final LinkLayer link = new LinkLayer();
    private final CaptureCounts counts = new CaptureCounts();
    private @Nullable Pipeline pipeline;
    private @Nullable JournalWriter journal;
    private long beganNs;
    private long lastArrivalNs;
    private long nowNs = Long.MIN_VALUE;
    private long flowsBegun;

    /**
     * An import to come; nothing is written before its first packet.
     *
     * @param output under which the journal is written
     * @param snapBytes of each packet to record
     */
    CaptureImport(IpServices services, Path output, int snapBytes) {
        this.services = services;
        this.output = output;
        this.snapBytes = snapBytes;
        event = new DescriptorSlab(arena.allocate(DescriptorLayout.SIZE, DescriptorLayout.SIZE)).view(0);
        flows = new OffHeapFlowTable(services.maxFlows(), SEED, arena);
    }

    /** Imports a capture up to its end, or as far as it is whole. */
    void add(CaptureReader capture, Progress progress) throws IOException {
        try {
            for (int count = 1; capture.next(); count++) {
                counts.frame();
                frame(capture);
                if ((count & PROGRESS_MASK) == 0) {
                    progress.goesOn();
                }
            }
        } catch (UncheckedIOException e) {
            throw e.getCause();
        }
    }

    private void frame(CaptureReader capture) throws JournalException {
        LinkLayer.Content content = link.strip(capture.linkType(), capture.address(), capture.capturedBytes());
        if (content != LinkLayer.Content.IP) {
            String what = LinkLayer.what(content, link.type());
            if (content == LinkLayer.Content.UNKNOWN_LINK) {
                counts.unknownLink(what);
            } else {
                counts.passedOver(what);
            }
            return;
        }
        Pipeline running = begun(capture.timeNs());
        event.reset(EventKind.DATA, arrivalNs(capture.timeNs()));
        long address = capture.address() + link.offset();
        int captured = capture.capturedBytes() - link.offset();
        int original = capture.originalBytes() - link.offset();
        ParseResult result = parser.parse(address, captured, original);
        if (result.isReadable()) {
            parser.describe(event);
            if (parser.isOfWireLength()) {
                counts.withoutLength();
            }
            if (parser.version() == 4 && !parser.ipv4().hasRightChecksum()) {
                counts.badChecksum();
            }
        } else {
            IpPacket.describeMalformed(event, address, captured, original);
        }
        counts.packet(result, event.lengthBytes());
        event.service(services.serviceOf(event));
        running.handle(event);
    }

    /** The pipeline, begun with the first packet: its time counts from the millisecond of that. */
    private Pipeline begun(long firstNs) throws JournalException {
        Pipeline running = pipeline;
        if (running == null) {
            long beganMs = firstNs == CaptureReader.NO_TIME ? 0 : firstNs / MILLI_NS;
            beganNs = beganMs * MILLI_NS;
            SessionInfo session = new SessionInfo(
                    Version.current(),
                    JournalSettings.Mode.PACKETS,
                    0,
                    1,
                    false,
                    SEED,
                    services.maxFlows(),
                    beganMs,
                    0,
                    services.pipeline());
            JournalWriter writer = new JournalWriter(output, session, snapBytes);
            journal = writer;
            running = new Pipeline(services.pipeline(), flows, this, writer.journal());
            pipeline = running;
        }
        return running;
    }

    /** When a packet arrives; one without a time, or behind a leap, comes with the one before it. */
    private long arrivalNs(long timeNs) {
        if (timeNs == CaptureReader.NO_TIME) {
            counts.withoutTime();
            return lastArrivalNs;
        }
        if (Math.abs(timeNs - beganNs - lastArrivalNs) > LONGEST_SILENCE_NS) {
            counts.leap();
            beganNs = timeNs - lastArrivalNs;
        }
        lastArrivalNs = timeNs - beganNs;
        if (lastArrivalNs < nowNs) {
            counts.outOfOrder();
        }
        nowNs = Math.max(nowNs, lastArrivalNs);
        return lastArrivalNs;
    }

    /** Lets what is held leave, and ends the journal. */
    void finish() throws JournalException {
        Pipeline running = begun(CaptureReader.NO_TIME);
        nowNs = Math.max(nowNs, 0);
        try {
            while (new BooksSum(running.books()).held() > 0) {
                nowNs = Math.max(nowNs, running.nextDeadlineNs());
                event.reset(EventKind.TICK, nowNs);
                running.handle(event);
            }
        } catch (UncheckedIOException e) {
            throw new JournalException(String.valueOf(e.getMessage()));
        }
        JournalWriter writer = journal;
        if (writer != null) {
            writer.end(nowNs);
        }
    }

    /** What the captures held. */
    CaptureCounts counts() {
        return counts;
    }

    /** Flows of which a packet was passed on. */
    long flowsBegun() {
        return flowsBegun;
    }

    /** What became of the packets. After {@link #finish}. */
    BooksSum books() {
        Pipeline running = pipeline;
        if (running == null) {
            throw new IllegalStateException("not finished");
        }
        return new BooksSum(running.books());
    }

    /** From the first packet to the last, in nanoseconds. */
    long durationNs() {
        return Math.max(nowNs, 0);
    }

    @Override
    public void forward(PacketDescriptor packet) {
        if ((packet.flags() & DescriptorFlags.NEW_FLOW) != 0) {
            flowsBegun++;
        }
    }

    @Override
    public void drop(PacketDescriptor packet, DropReason reason) {
        // counted in the books
    }

    @Override
    public void flowEnded(long flowRef, FlowEnd reason) {
        // there is no socket
    }

    @Override
    public void close() {
        JournalWriter writer = journal;
        if (writer != null) {
            writer.close();
        }
        arena.close();
    }
}
