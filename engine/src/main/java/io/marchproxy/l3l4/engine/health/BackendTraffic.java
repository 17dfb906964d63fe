package io.marchproxy.l3l4.engine.health;

import io.marchproxy.l3l4.engine.shard.BackendCounters;

/** What has passed between the service and each backend so far, all shards together. Any thread. */
public interface BackendTraffic {
    /** Nothing ever passed. */
    BackendTraffic NONE = new BackendTraffic() {
        @Override
        public long questions(int backend) {
            return 0;
        }

        @Override
        public long answers(int backend) {
            return 0;
        }

        @Override
        public long promptness(int backend) {
            return 0;
        }

        @Override
        public long bytesToBackend(int backend) {
            return 0;
        }

        @Override
        public long bytesToClient(int backend) {
            return 0;
        }
    };

    /** How often a connection or session sent something while nothing it had sent was left unanswered. */
    long questions(int backend);

    /** How often something came back for what was left unanswered. */
    long answers(int backend);

    /** How prompt its answers were, all together, as {@link BackendCounters#promptness(int)} counts. */
    long promptness(int backend);

    /** Payload that went there. */
    long bytesToBackend(int backend);

    /** Payload that came from there. */
    long bytesToClient(int backend);
}
