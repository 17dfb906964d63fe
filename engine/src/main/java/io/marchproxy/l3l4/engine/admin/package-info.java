/** The admin server: health, readiness, status and metrics over HTTP, off the packet path. */
@NullMarked
package io.marchproxy.l3l4.engine.admin;

import org.jspecify.annotations.NullMarked;
