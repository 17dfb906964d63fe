package io.marchproxy.l3l4.config.bind;

import io.marchproxy.l3l4.config.fault.Origin;

/**
 * A value and where it was written.
 *
 * @param path of its key, such as {@code services[0].listen[1]}
 */
public record Placed<T>(T value, String path, Origin origin) {}
