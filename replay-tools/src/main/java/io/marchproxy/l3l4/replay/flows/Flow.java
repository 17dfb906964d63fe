package io.marchproxy.l3l4.replay.flows;

import org.jspecify.annotations.Nullable;

/**
 * A flow, from its first packet to its last, as {@link FlowColumn} describes it.
 *
 * @param sessionMs when the service began, in milliseconds since 1970
 * @param startUs in microseconds since 1970
 * @param endUs in microseconds since 1970
 * @param protocol IP protocol number
 * @param trafficClass 0 to 3
 * @param dscp 0 to 63, or null when its packets keep their own
 * @param rule counted from 1, or null for none
 * @param backend its id, or its number as text when its name is not in the journal
 */
record Flow(
        int shard,
        long sessionMs,
        long startUs,
        long endUs,
        long durationNs,
        int protocol,
        Address client,
        Address listener,
        String service,
        int trafficClass,
        @Nullable Integer dscp,
        @Nullable Integer rule,
        @Nullable String backend,
        @Nullable String provider,
        @Nullable String region,
        long packetsToBackend,
        long bytesToBackend,
        long packetsToClient,
        long bytesToClient,
        long droppedPackets,
        String endReason) {

    long packets() {
        return packetsToBackend + packetsToClient;
    }

    long bytes() {
        return bytesToBackend + bytesToClient;
    }

    /** {@code tcp}, {@code udp} or the number. */
    String protocolLabel() {
        return switch (protocol) {
            case 6 -> "tcp";
            case 17 -> "udp";
            default -> Integer.toString(protocol);
        };
    }

    String classLabel() {
        return "P" + trafficClass;
    }
}
