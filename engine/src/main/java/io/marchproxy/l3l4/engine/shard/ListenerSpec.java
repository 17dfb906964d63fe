package io.marchproxy.l3l4.engine.shard;

import io.marchproxy.l3l4.config.settings.ServiceSettings;
import java.net.InetSocketAddress;

/**
 * One listening address of one pipeline service.
 *
 * @param listener engine-wide number, 0 to 65,535
 * @param service pipeline service number, as descriptors carry it
 * @param address resolved; the wildcard {@code ::} is dual-stack
 * @param settings of the configured service
 */
public record ListenerSpec(int listener, int service, InetSocketAddress address, ServiceSettings settings) {}
