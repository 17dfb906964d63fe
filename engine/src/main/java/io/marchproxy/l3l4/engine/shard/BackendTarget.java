package io.marchproxy.l3l4.engine.shard;

import java.net.InetSocketAddress;

/**
 * A backend as the egress sees it.
 *
 * @param index engine-wide, as the route stage names it
 * @param service the pipeline service that it belongs to
 * @param id as configured
 * @param address resolved
 */
public record BackendTarget(int index, int service, String id, InetSocketAddress address) {}
