package io.marchproxy.l3l4.bench.qos;

/**
 * A packet behind the shaper, as the kernel saw it.
 *
 * @param atNs when, by the kernel's clock
 * @param frameBytes Ethernet header and IP packet
 * @param payloadBytes what TCP or UDP carry
 */
record WirePacket(long atNs, int frameBytes, int payloadBytes) {}
