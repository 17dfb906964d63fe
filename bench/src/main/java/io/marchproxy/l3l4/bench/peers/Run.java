package io.marchproxy.l3l4.bench.peers;

import java.util.List;

/**
 * A comparison that was made.
 *
 * @param lines what it was made on and how: machine, versions, rounds, what was left out
 */
record Run(List<String> lines, Results results) {}
