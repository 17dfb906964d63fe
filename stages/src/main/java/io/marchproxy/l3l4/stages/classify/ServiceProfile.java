package io.marchproxy.l3l4.stages.classify;

/**
 * What classification knows of a service. A configured service that listens on TCP and on UDP is two of these with one name.
 *
 * @param id its number, 0 to 65,535, kept over reloads
 * @param protocol IP protocol number: 6 TCP, 17 UDP
 * @param active false when a reload took the service away: its flows live on, new ones are refused
 * @param defaultClass 0 to 3 for P0 to P3, when no rule matches
 * @param idleTimeoutNs after which a silent flow ends; 0 for never
 * @param sessionCap UDP sessions at the most for the whole service; shards learn their share by QUOTA events
 * @param evictOldest at the cap: true ends the session that has been silent longest among the oldest, false refuses the new one
 * @param replyLimit UDP session ends after this many datagrams to the client; 0 for no limit
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
        int replyLimit) {}
