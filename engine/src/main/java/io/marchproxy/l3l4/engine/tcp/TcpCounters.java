package io.marchproxy.l3l4.engine.tcp;

import org.HdrHistogram.Histogram;

/**
 * What became of a service's connections since the start, over all shards.
 *
 * @param live client connections at present
 * @param accepted client connections, the refused ones included
 * @param connectErrors connects to backends that failed
 * @param retries connects that another backend was tried for
 * @param durationsMs how long client connections lived, in milliseconds
 */
public record TcpCounters(long live, long accepted, long connectErrors, long retries, Histogram durationsMs) {}
