/** The commands that a user types, and how a running service listens to signals, files and systemd. */
@NullMarked
package io.marchproxy.l3l4.engine.cli;

import org.jspecify.annotations.NullMarked;
