package io.marchproxy.l3l4.replay.flows;

import java.util.Locale;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/** What is told of a flow in JSON, CSV and Parquet, under the same names. */
enum FlowColumn {
    SHARD(Kind.NUMBER, "shard of the service, from 0", Flow::shard),
    SESSION(Kind.TIME, "when the service began", flow -> 1_000 * flow.sessionMs()),
    START(Kind.TIME, "first packet, or the connection's begin", Flow::startUs),
    END(Kind.TIME, "last packet or event", Flow::endUs),
    DURATION_NS(Kind.NUMBER, "from start to end, nanoseconds", Flow::durationNs),
    PROTOCOL(Kind.TEXT, "`tcp`, `udp` or the IP protocol's number", Flow::protocolLabel),
    CLIENT_ADDRESS(Kind.TEXT, "", flow -> flow.client().host()),
    CLIENT_PORT(Kind.NUMBER, "", flow -> flow.client().port()),
    LISTENER_ADDRESS(
            Kind.TEXT, "that the client wrote to", flow -> flow.listener().host()),
    LISTENER_PORT(Kind.NUMBER, "", flow -> flow.listener().port()),
    SERVICE(Kind.TEXT, "its name", Flow::service),
    CLASS(Kind.TEXT, "`P0` to `P3`", Flow::classLabel),
    DSCP(Kind.NUMBER, "code point that its packets leave with; null when they keep their own", Flow::dscp),
    RULE(Kind.NUMBER, "which of `qos.rules` matched, from 1; null for none", Flow::rule),
    BACKEND(Kind.TEXT, "its id; null when none was chosen", Flow::backend),
    PROVIDER(Kind.TEXT, "the backend's", Flow::provider),
    REGION(Kind.TEXT, "the backend's", Flow::region),
    PACKETS_TO_BACKEND(Kind.NUMBER, "that came from the client; of TCP, reads", Flow::packetsToBackend),
    BYTES_TO_BACKEND(Kind.NUMBER, "payload that came from the client", Flow::bytesToBackend),
    PACKETS_TO_CLIENT(Kind.NUMBER, "that came from the backend; of TCP, reads", Flow::packetsToClient),
    BYTES_TO_CLIENT(Kind.NUMBER, "payload that came from the backend", Flow::bytesToClient),
    DROPPED_PACKETS(Kind.NUMBER, "of both directions, counted above as well", Flow::droppedPackets),
    END_REASON(
            Kind.TEXT,
            "`closed`, `reset`, `idle`, `replies-complete`, `evicted`, `refused`; `open` where the journal ends before it;"
                    + " `unknown` where its end is missing",
            Flow::endReason);

    /** How a value is written. */
    enum Kind {
        TEXT,
        /** A whole number. */
        NUMBER,
        /** Microseconds since 1970. */
        TIME
    }

    private final Kind kind;
    private final String meaning;

    @SuppressWarnings("ImmutableEnumChecker") // a method reference, without state
    private final Function<Flow, @Nullable Object> value;

    FlowColumn(Kind kind, String meaning, Function<Flow, @Nullable Object> value) {
        this.kind = kind;
        this.meaning = meaning;
        this.value = value;
    }

    Kind kind() {
        return kind;
    }

    /** For the documents. */
    String meaning() {
        return meaning;
    }

    /** The column's name. */
    String label() {
        return name().toLowerCase(Locale.ROOT);
    }

    /** A flow's value: a {@code String}, or a {@code Number}, or null. */
    @Nullable
    Object of(Flow flow) {
        return value.apply(flow);
    }
}
