package io.marchproxy.l3l4.replay;

import io.marchproxy.l3l4.config.value.AddressText;
import io.marchproxy.l3l4.engine.journal.FlowPhase;
import io.marchproxy.l3l4.engine.journal.JournalLayout;
import io.marchproxy.l3l4.engine.journal.RecordType;
import io.marchproxy.l3l4.engine.journal.Records;
import io.marchproxy.l3l4.engine.journal.SessionInfo;
import io.marchproxy.l3l4.stages.classify.ServiceProfile;
import io.marchproxy.l3l4.stages.flow.FlowEnd;
import io.marchproxy.l3l4.stages.flow.FlowEntry;
import io.marchproxy.l3l4.stages.flow.FlowKey;
import io.marchproxy.l3l4.stages.flow.FlowLayout;
import io.marchproxy.l3l4.stages.packet.DescriptorFlags;
import io.marchproxy.l3l4.stages.packet.DescriptorLayout;
import io.marchproxy.l3l4.stages.packet.DescriptorSlab;
import io.marchproxy.l3l4.stages.packet.Ecn;
import io.marchproxy.l3l4.stages.packet.EventKind;
import io.marchproxy.l3l4.stages.packet.Memory;
import io.marchproxy.l3l4.stages.packet.PacketDescriptor;
import io.marchproxy.l3l4.stages.pipeline.Verdict;
import java.lang.foreign.Arena;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.StringJoiner;
import org.jspecify.annotations.Nullable;

/** Records as people read them: names and values, in the trade's words. One thread. */
final class RecordText {

    private final @Nullable SessionInfo session;
    private final List<ServiceProfile> services;

    /** Kept, since a descriptor is but an address. */
    private final DescriptorSlab slab =
            new DescriptorSlab(Arena.ofAuto().allocate(DescriptorLayout.SIZE, DescriptorLayout.SIZE));

    private final PacketDescriptor event = slab.view(0);

    /** Texts with the names of a session's services; with numbers where there is none. */
    RecordText(@Nullable SessionInfo session) {
        this.session = session;
        this.services =
                session == null ? List.of() : session.settings().classify().services();
    }

    /** A record in one line. */
    String line(long at) {
        StringJoiner line = new StringJoiner("  ");
        RecordType type = Records.type(at);
        line.add(type.name().toLowerCase(Locale.ROOT).replace('_', '-'));
        fields(at).forEach((name, value) -> line.add(name + "=" + value));
        return line.toString();
    }

    /** A record's fields by name, in the order in which they are shown. */
    Map<String, String> fields(long at) {
        return switch (Records.type(at)) {
            case EVENT -> event(at);
            case DECISION, RELEASE -> decision(at);
            case FLOW_END -> flowEnd(at);
            case FLOW -> flow(at);
            case SNAP -> Map.of("bytes", Integer.toString(Records.snap(at).length));
            case GAP ->
                Map.of(
                        "missing",
                        Records.gapRecords(at) + " records: "
                                + Records.gapCause(at).sentence());
            case STATE -> Map.of("numbers", Integer.toString(Memory.getInt(at + JournalLayout.STATE_COUNT)));
            case SLOTS -> {
                int first = Memory.getInt(at + JournalLayout.SLOTS_FIRST);
                int last = first + Memory.getInt(at + JournalLayout.SLOTS_COUNT) - 1;
                yield Map.of("slots", first + "-" + last);
            }
            default -> Map.of();
        };
    }

    private Map<String, String> event(long at) {
        Records.event(at, event);
        EventKind kind = event.kind();
        Map<String, String> fields = new LinkedHashMap<>();
        fields.put("time", time(event.arrivalNs()));
        fields.put("kind", kind.name());
        boolean isControl = kind == EventKind.TICK || kind == EventKind.SNAPSHOT || kind == EventKind.CONFIG;
        if (!isControl && kind != EventKind.HEALTH && kind != EventKind.MEASURED) {
            fields.put("service", service(event.service()));
        }
        if (event.protocol() != 0) {
            fields.put("protocol", protocol(event.protocol()));
            fields.put(
                    "direction",
                    event.direction().name().toLowerCase(Locale.ROOT).replace('_', '-'));
            fields.put(
                    "from",
                    AddressText.of(event.ipVersion(), event.sourceHigh(), event.sourceLow(), event.sourcePort()));
            fields.put(
                    "to",
                    AddressText.of(
                            event.ipVersion(),
                            event.destinationHigh(),
                            event.destinationLow(),
                            event.destinationPort()));
        }
        if (kind == EventKind.DATA) {
            fields.put("bytes", Integer.toString(event.lengthBytes()));
            fields.put("packets", Integer.toString(event.packets()));
            fields.put("dscp-in", Integer.toString(event.ingressDscp()));
            if (event.ingressEcn() != Ecn.NOT_CAPABLE) {
                fields.put("ecn-in", Integer.toString(event.ingressEcn()));
            }
        }
        if (kind == EventKind.RESTORE) {
            long state = event.payloadAddress() - FlowLayout.REMEMBERED;
            fields.put("first-seen", time(FlowEntry.firstSeenNs(state)));
            fields.put("last-seen", time(FlowEntry.lastSeenNs(state)));
            fields.put("packets-to-backend", Long.toString(FlowEntry.packetsToBackend(state)));
            fields.put("bytes-to-backend", Long.toString(FlowEntry.bytesToBackend(state)));
            fields.put("packets-to-client", Long.toString(FlowEntry.packetsToClient(state)));
            fields.put("bytes-to-client", Long.toString(FlowEntry.bytesToClient(state)));
        }
        if (event.flowRef() != PacketDescriptor.NO_FLOW) {
            fields.put("flow", flowRef(event.flowRef()));
        }
        if (event.backend() != PacketDescriptor.NO_BACKEND) {
            fields.put("backend", Integer.toString(event.backend()));
        }
        if (event.isMalformed()) {
            fields.put("malformed", "yes");
        }
        if (kind == EventKind.MEASURED) {
            fields.put("round-trip", event.argument0() + " ns");
            fields.put("loss", event.argument1() + " ppm");
        } else if (event.argument0() != 0) {
            fields.put(event.isIpPacket() ? "not-captured" : "argument", Long.toString(event.argument0()));
        }
        return fields;
    }

    private Map<String, String> decision(long at) {
        Map<String, String> fields = new LinkedHashMap<>();
        Verdict verdict = Records.verdict(at);
        fields.put("verdict", verdict.name());
        if (verdict == Verdict.DROP) {
            fields.put("reason", Records.dropReason(at).label());
        }
        fields.put("class", "P" + Records.trafficClass(at));
        int dscp = Byte.toUnsignedInt(Memory.getByte(at + JournalLayout.DECISION_EGRESS_DSCP));
        // Of a packet that waits or is dropped, nothing but what its rule asks for is known.
        fields.put(
                "dscp",
                switch (dscp) {
                    case PacketDescriptor.DSCP_UNCHANGED -> "unchanged";
                    case PacketDescriptor.DSCP_PRESERVE -> "preserve";
                    default -> Integer.toString(dscp);
                });
        int rule = Short.toUnsignedInt(Memory.getShort(at + JournalLayout.DECISION_RULE));
        fields.put("rule", rule == 0 ? "none" : Integer.toString(rule));
        int backend = Memory.getInt(at + JournalLayout.DECISION_BACKEND);
        fields.put("backend", backend == PacketDescriptor.NO_BACKEND ? "none" : Integer.toString(backend));
        fields.put("flow", flowRef(Memory.getLong(at + JournalLayout.DECISION_FLOW_REF)));
        fields.put("flow-hash", Integer.toHexString(Memory.getInt(at + JournalLayout.DECISION_FLOW_HASH)));
        fields.put("flags", flags(Memory.getByte(at + JournalLayout.DECISION_FLAGS)));
        if (Records.length(at) > JournalLayout.DECISION_RELEASE_NS) {
            fields.put("release", time(Memory.getLong(at + JournalLayout.DECISION_RELEASE_NS)));
            fields.put("argument", Long.toString(Memory.getLong(at + JournalLayout.DECISION_ARGUMENT_1)));
        }
        if (Records.type(at) == RecordType.RELEASE) {
            fields.put("arrival", time(Memory.getLong(at + JournalLayout.RELEASE_ARRIVAL_NS)));
            fields.put("bytes", Integer.toString(Memory.getInt(at + JournalLayout.RELEASE_LENGTH_BYTES)));
        }
        return fields;
    }

    private Map<String, String> flowEnd(long at) {
        Map<String, String> fields = new LinkedHashMap<>();
        fields.put("reason", Records.endReason(at).name());
        fields.put("flow", flowRef(Memory.getLong(at + JournalLayout.END_FLOW_REF)));
        fields.put("time", time(Memory.getLong(at + JournalLayout.END_TIME_NS)));
        return fields;
    }

    private Map<String, String> flow(long at) {
        long entry = Records.flowEntry(at);
        FlowKey key = FlowKey.of(entry);
        Map<String, String> fields = new LinkedHashMap<>();
        fields.put("time", time(Records.flowTimeNs(at)));
        FlowPhase phase = Records.phase(at);
        fields.put("phase", phase.name().toLowerCase(Locale.ROOT));
        if (phase == FlowPhase.END) {
            int reason = Byte.toUnsignedInt(Memory.getByte(at + JournalLayout.FLOW_REASON));
            fields.put("reason", FlowEnd.values()[reason].name());
        }
        fields.put("service", service(key.service()));
        fields.put("protocol", protocol(key.protocol()));
        fields.put("client", AddressText.of(key.ipVersion(), key.clientHigh(), key.clientLow(), key.clientPort()));
        fields.put(
                "listener", AddressText.of(key.ipVersion(), key.listenerHigh(), key.listenerLow(), key.listenerPort()));
        fields.put("class", "P" + FlowEntry.trafficClass(entry));
        fields.put("backend", Integer.toString(FlowEntry.backend(entry)));
        fields.put("packets-to-backend", Long.toString(FlowEntry.packetsToBackend(entry)));
        fields.put("bytes-to-backend", Long.toString(FlowEntry.bytesToBackend(entry)));
        fields.put("packets-to-client", Long.toString(FlowEntry.packetsToClient(entry)));
        fields.put("bytes-to-client", Long.toString(FlowEntry.bytesToClient(entry)));
        fields.put("dropped", Integer.toString(FlowEntry.droppedPackets(entry)));
        return fields;
    }

    /** Wall clock of a moment of the shard's time, and the time itself. */
    private String time(long ns) {
        return session == null ? ns + "ns" : Wall.time(session.epochMs(ns)) + "(" + ns + "ns)";
    }

    private String service(int number) {
        return number < services.size() ? serviceLabel(services.get(number)) : Integer.toString(number);
    }

    /** A service's name with its protocol: two that have one name differ by that. */
    static String serviceLabel(ServiceProfile service) {
        return service.name() + "/" + protocol(service.protocol());
    }

    private static String protocol(int number) {
        return switch (number) {
            case 1 -> "icmp";
            case ServiceProfile.IP -> "ip";
            case ServiceProfile.IP + 6 -> "ip/tcp";
            case ServiceProfile.IP + 17 -> "ip/udp";
            case 6 -> "tcp";
            case 17 -> "udp";
            case 58 -> "icmpv6";
            default -> Integer.toString(number);
        };
    }

    private static String flowRef(long ref) {
        return ref == PacketDescriptor.NO_FLOW ? "none" : (ref & 0xffff_ffffL) + "." + (ref >>> 32);
    }

    private static String flags(int flags) {
        StringJoiner names = new StringJoiner("+");
        names.setEmptyValue("none");
        if ((flags & DescriptorFlags.NEW_FLOW) != 0) {
            names.add("new-flow");
        }
        if ((flags & DescriptorFlags.REROUTED) != 0) {
            names.add("rerouted");
        }
        if ((flags & DescriptorFlags.WAS_HELD) != 0) {
            names.add("was-held");
        }
        if ((flags & DescriptorFlags.CE_MARKED) != 0) {
            names.add("ce-marked");
        }
        return names.toString();
    }
}
