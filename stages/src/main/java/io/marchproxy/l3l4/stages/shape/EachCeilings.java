package io.marchproxy.l3l4.stages.shape;

import io.marchproxy.l3l4.stages.flow.FlowLayout;
import io.marchproxy.l3l4.stages.flow.FlowTable;
import io.marchproxy.l3l4.stages.packet.Memory;
import io.marchproxy.l3l4.stages.packet.PacketDescriptor;
import io.marchproxy.l3l4.stages.packet.SingleWriter;
import io.marchproxy.l3l4.stages.pipeline.StateReader;
import io.marchproxy.l3l4.stages.pipeline.StateWriter;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * The ceilings that each client and each connection of a service has in one direction: which buckets a packet pays from, or a
 * queue of such.
 */
final class EachCeilings extends SingleWriter {
    private final FlowTable flows;
    private final EachBuckets buckets;

    private boolean isAny;

    /** Of the packet at hand, where there {@link #isAny}. */
    private @Nullable EachBucket ofClient;

    private @Nullable EachBucket ofConnection;

    /** When something was last asked of the buckets. */
    private long askedNs = Long.MIN_VALUE;

    EachCeilings(FlowTable flows) {
        this.flows = flows;
        this.buckets = new EachBuckets(2 * flows.capacity(), flows.hash());
    }

    /** Takes over a snapshot, which the services have already. */
    void apply(ShapeSettings settings, ServiceNode[] services, long nowNs) {
        ofClient = null;
        ofConnection = null;
        isAny = settings.services().stream().anyMatch(one -> one.each().isSet());
        buckets.apply(kind -> limit(services, kind), nowNs);
    }

    private static int clientKind(ServiceNode service) {
        return 2 * service.number;
    }

    private static int connectionKind(ServiceNode service) {
        return 2 * service.number + 1;
    }

    private static RateLimit limit(ServiceNode[] services, int kind) {
        if (kind / 2 >= services.length) {
            throw new IllegalStateException("a client's ceiling is of a service that there is not");
        }
        ServiceNode service = services[kind / 2];
        return kind % 2 == 0 ? service.client : service.connection;
    }

    /** Whether any client or connection has one; where none has, nothing need be asked. */
    boolean isAny() {
        return isAny;
    }

    /** Looks for the ceilings of a packet's client and connection. */
    void ask(PacketDescriptor packet, ServiceNode service, long nowNs) {
        askedNs = nowNs;
        ofClient = null;
        ofConnection = null;
        if (service.client.isSet()) {
            long entry = flows.entry(packet.flowRef());
            ofClient = buckets.get(
                    clientKind(service),
                    Memory.getLong(entry + FlowLayout.CLIENT_HIGH),
                    Memory.getLong(entry + FlowLayout.CLIENT_LOW),
                    service.client,
                    nowNs,
                    null);
        }
        if (service.connection.isSet()) {
            ofConnection =
                    buckets.get(connectionKind(service), 0, packet.flowRef(), service.connection, nowNs, ofClient);
        }
    }

    /** Whether nobody waits for those that were asked for, and both let so many bytes pass. */
    boolean admit(int bytes, long nowNs) {
        return admits(ofConnection, bytes, nowNs) && admits(ofClient, bytes, nowNs);
    }

    private static boolean admits(@Nullable EachBucket one, int bytes, long nowNs) {
        return one == null || (one.held == 0 && one.bucket.admits(bytes, nowNs));
    }

    /** Has the packet that they were asked for pay. */
    void take(int bytes) {
        if (ofClient != null) {
            ofClient.bucket.take(bytes);
        }
        if (ofConnection != null) {
            ofConnection.bucket.take(bytes);
        }
    }

    /** Gives a queue the buckets that were asked for its first packet. */
    void assign(ClientQueue queue) {
        queue.client = ofClient;
        queue.connection = ofConnection;
    }

    /** Gives a queue the buckets of its client and connection. */
    void assign(ClientQueue queue, long nowNs) {
        ServiceNode service = Objects.requireNonNull(queue.leaf).service;
        queue.client = service.client.isSet()
                ? buckets.get(clientKind(service), queue.clientHigh, queue.clientLow, service.client, nowNs, null)
                : null;
        queue.connection = service.connection.isSet()
                ? buckets.get(connectionKind(service), 0, queue.flowRef, service.connection, nowNs, queue.client)
                : null;
    }

    /** As it was saved: who came when there was no room for a bucket of its own goes on with the shared one. */
    void assign(ClientQueue queue, boolean isClientShared, boolean isConnectionShared) {
        ServiceNode service = Objects.requireNonNull(queue.leaf).service;
        if (isClientShared) {
            queue.client = buckets.shared(clientKind(service), service.client, askedNs);
        } else if (service.client.isSet()) {
            queue.client =
                    buckets.get(clientKind(service), queue.clientHigh, queue.clientLow, service.client, askedNs, null);
        }
        if (isConnectionShared) {
            queue.connection = buckets.shared(connectionKind(service), service.connection, askedNs);
        } else if (service.connection.isSet()) {
            queue.connection =
                    buckets.get(connectionKind(service), 0, queue.flowRef, service.connection, askedNs, queue.client);
        }
    }

    void save(StateWriter to) {
        to.number(askedNs);
        buckets.save(askedNs, to);
    }

    /** Takes over what was saved, with the services that the settings name. */
    void restore(ServiceNode[] services, StateReader from) {
        askedNs = from.number();
        buckets.restore(kind -> limit(services, kind), from);
    }
}
