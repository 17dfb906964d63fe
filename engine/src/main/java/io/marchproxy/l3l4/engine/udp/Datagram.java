package io.marchproxy.l3l4.engine.udp;

/**
 * What is known of one received datagram. Reused: a receiver fills it in, the handler reads it during the call.
 *
 * <p>Addresses are two longs as in a packet descriptor.
 */
final class Datagram {
    /** The buffer that holds the payload; belongs to whoever handles the datagram. */
    long payload;

    int lengthBytes;
    int ipVersion;
    long sourceHigh;
    long sourceLow;
    int sourcePort;

    /** The interface's number for a link-local source, else 0. */
    int sourceScope;

    long destinationHigh;
    long destinationLow;

    /** Code point and ECN field as they stand in an IP header, 0 to 255; 0 also when the transport can't tell. */
    int tos;

    /** Of datagrams that came merged, the length of each but the last; else 0. */
    int segmentBytes;
}
