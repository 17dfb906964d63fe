package io.marchproxy.l3l4.bench.peers;

import java.util.Map;

/** What one turn of one peer gave. */
record Sample(Kind kind, Peer peer, int round, Map<Metric, Double> values) {}
