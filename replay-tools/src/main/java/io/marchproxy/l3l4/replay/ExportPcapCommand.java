package io.marchproxy.l3l4.replay;

import io.marchproxy.l3l4.config.Version;
import io.marchproxy.l3l4.engine.journal.JournalException;
import io.marchproxy.l3l4.engine.journal.JournalReader;
import io.marchproxy.l3l4.replay.ShardPackets.Packet;
import io.marchproxy.l3l4.replay.flows.PacketFilter;
import io.marchproxy.l3l4.replay.pcap.CaptureWriter;
import io.marchproxy.l3l4.replay.pcap.CaptureWriter.Format;
import java.io.FileDescriptor;
import java.io.FileOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.PriorityQueue;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.ExitCode;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** Makes a capture of a journal. */
@Command(
        name = "export-pcap",
        mixinStandardHelpOptions = true,
        sortOptions = false,
        description = {
            "Writes the packets of a journal (engine.journal.mode: packets) as a capture for tshark, tcpdump and the like.",
            "Headers are made from what was recorded; payload is there as far as engine.journal.snap recorded it, and"
                    + " marked as not captured beyond. TCP is shown as the client saw it, its sequence numbers counted anew."
        },
        exitCodeListHeading = "%nExit codes:%n",
        exitCodeList = {"0:done", "2:the journal can't be read, has no packets, or the capture can't be written"},
        footerHeading = "%nExamples:%n",
        footer = {
            "  replay-tools export-pcap data --output packets.pcapng",
            "  replay-tools export-pcap data --output dropped.pcapng --filter 'service dns and drops > 0'",
            "  replay-tools export-pcap data --output - --format pcap | tcpdump -nr -"
        })
final class ExportPcapCommand implements Callable<Integer> {
    private static final String STANDARD_OUTPUT = "-";
    private static final int PROGRESS_MASK = 0xfff;

    @Mixin
    private JournalArgument journal;

    @Option(
            names = {"-o", "--output"},
            paramLabel = "FILE",
            required = true,
            description = "The capture to write; - is standard output.")
    private String output = STANDARD_OUTPUT;

    @Option(
            names = "--format",
            paramLabel = "FORMAT",
            defaultValue = "pcapng",
            description = "pcapng, which has a comment for each packet that says what was decided, or pcap. Default:"
                    + " ${DEFAULT-VALUE}.")
    private Format format = Format.PCAPNG;

    @Option(
            names = "--sent",
            description =
                    "Packets as they left, at that time and with the code point that was decided, and those alone;"
                            + " otherwise all as they came in.")
    private boolean sent;

    @Option(
            names = "--filter",
            paramLabel = "EXPR",
            defaultValue = "",
            description =
                    "Only packets that it fits, written as for the command flows; each is a flow of one packet, and end is"
                            + " the reason for which it was dropped.")
    private String filter = "";

    @Spec
    private CommandSpec spec;

    /** A shard's next packet. */
    private record Head(Packet packet, ShardPackets shard) {}

    @Override
    public Integer call() throws IOException {
        List<Path> folders = journal.shards();
        List<ShardPackets> shards = new ArrayList<>();
        try {
            for (Path folder : folders) {
                shards.add(new ShardPackets(shards.size(), folder, sent, filter()));
            }
            boolean toFile = !output.equals(STANDARD_OUTPUT);
            try (ResultFile result = toFile ? new ResultFile(Path.of(output)) : null) {
                long written = export(folders, shards, result);
                if (written == 0 && shards.stream().anyMatch(shard -> shard.flowRecords() > 0)) {
                    throw new JournalException("it was recorded in the mode flows, which knows no packets");
                }
                if (result != null) {
                    result.complete();
                }
                tell(written, shards);
            }
        } finally {
            for (ShardPackets shard : shards) {
                shard.close();
            }
        }
        return ExitCode.OK;
    }

    private PacketFilter filter() {
        try {
            return PacketFilter.parse(filter);
        } catch (IllegalArgumentException e) {
            throw new ParameterException(spec.commandLine(), String.valueOf(e.getMessage()));
        }
    }

    /** Merges the shards' packets by their times. */
    private long export(List<Path> folders, List<ShardPackets> shards, @Nullable ResultFile result) throws IOException {
        PriorityQueue<Head> heads = new PriorityQueue<>(
                Comparator.comparingLong((Head head) -> head.packet().timeNs())
                        .thenComparingInt(head -> head.packet().shard()));
        for (ShardPackets shard : shards) {
            advance(shard, heads);
        }
        long all = 0;
        for (Path folder : folders) {
            all += JournalReader.bytes(folder);
        }
        ProgressLine progress = ProgressLine.onTerminal();
        long written = 0;
        try (CaptureWriter capture =
                CaptureWriter.to(open(result), format, "proxy-l3l4", Main.NAME + " " + Version.current())) {
            for (Head head = heads.poll(); head != null; head = heads.poll()) {
                Packet packet = head.packet();
                capture.packet(packet.timeNs(), packet.bytes(), packet.originalBytes(), packet.comment());
                advance(head.shard(), heads);
                if ((++written & PROGRESS_MASK) == 0) {
                    progress.show(
                            output,
                            shards.stream().mapToLong(ShardPackets::bytesRead).sum(),
                            all);
                }
            }
        } finally {
            progress.clear();
        }
        return written;
    }

    private static void advance(ShardPackets shard, PriorityQueue<Head> heads) throws IOException {
        Packet next = shard.next();
        if (next != null) {
            heads.add(new Head(next, shard));
        }
    }

    private static OutputStream open(@Nullable ResultFile result) throws IOException {
        return result == null ? new FileOutputStream(FileDescriptor.out) : result.open();
    }

    /** On standard error, since the capture itself may go to standard output. */
    private void tell(long written, List<ShardPackets> shards) {
        long unknown = shards.stream().mapToLong(ShardPackets::ofUnknownFlow).sum();
        long missing = shards.stream().mapToLong(ShardPackets::missing).sum();
        spec.commandLine().getErr().println(String.format(Locale.ROOT, "%s: %,d packets", output, written));
        if (unknown > 0) {
            spec.commandLine()
                    .getErr()
                    .println(String.format(
                            Locale.ROOT,
                            "%,d events left out: the begin of their flow is not in the journal",
                            unknown));
        }
        if (missing > 0) {
            spec.commandLine()
                    .getErr()
                    .println(String.format(Locale.ROOT, "%,d records are missing in the journal", missing));
        }
    }
}
