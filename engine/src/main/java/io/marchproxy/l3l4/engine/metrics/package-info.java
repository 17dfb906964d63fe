/** What the service counts: one catalogue, read off the service when somebody asks, written for Prometheus. */
@NullMarked
package io.marchproxy.l3l4.engine.metrics;

import org.jspecify.annotations.NullMarked;
