package io.marchproxy.l3l4.stages.classify;

/**
 * What classification knows of a service. A configured service that listens on TCP and on UDP is two of these with one name.
 *
 * @param id its number, 0 to 65,535, kept over reloads
 * @param protocol IP protocol number: 6 TCP, 17 UDP, for a relay; with {@link #IP} added, for a service that takes whole IP packets
 *     of this protocol; {@link #IP} alone, of every protocol
 * @param active false when a reload took the service away: its flows live on, new ones are refused
 * @param defaultClass 0 to 3 for P0 to P3, when no rule matches
 * @param idleTimeoutNs after which a silent flow ends; 0 for never
 * @param sessionCap UDP sessions at the most for the whole service, without meaning for IP packets; shards learn their share by QUOTA events
 * @param evictOldest at the cap: true ends the session that has been silent longest among the oldest, false refuses the new one
 * @param replyLimit a UDP session ends when each of its client's datagrams has been answered by this many; 0 for no limit, at
 *     most 65,535. Counted per datagram from the client, since resolvers send several questions from one port and a session
 *     that ended with the first answer would lose the others
 */
public record ServiceProfile(
        int id,
        String name,
        int protocol,
        boolean active,
        int defaultClass,
        long idleTimeoutNs,
        int sessionCap,
        boolean evictOldest,
        int replyLimit) {
    /** Added to a protocol: whole IP packets. Their flows are bounded by the flow table alone. */
    public static final int IP = 256;

    public ServiceProfile {
        if (id < 0 || id > 65_535) {
            throw new IllegalArgumentException("service number " + id);
        }
        if (defaultClass < 0 || defaultClass > 3) {
            throw new IllegalArgumentException("class " + defaultClass);
        }
        if (idleTimeoutNs < 0 || sessionCap < 0) {
            throw new IllegalArgumentException("service " + name + " has a negative limit");
        }
        if (replyLimit < 0 || replyLimit > 65_535) {
            throw new IllegalArgumentException("reply limit " + replyLimit + " is outside 0 to 65535");
        }
        if (protocol >= IP && replyLimit != 0) {
            throw new IllegalArgumentException(
                    "service " + name + " takes IP packets, whose replies are flows of their own");
        }
    }

    /** Whether it takes whole IP packets; otherwise it relays, and takes none. */
    public boolean isIp() {
        return protocol >= IP;
    }

    /** The IP protocol number of what it carries, or 0 when that is any. */
    public int carries() {
        return protocol & (IP - 1);
    }
}
