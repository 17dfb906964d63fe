package io.marchproxy.l3l4.stages.shape;

import io.marchproxy.l3l4.stages.flow.FlowLayout;
import io.marchproxy.l3l4.stages.flow.FlowTable;
import io.marchproxy.l3l4.stages.packet.Memory;
import io.marchproxy.l3l4.stages.packet.PacketDescriptor;
import io.marchproxy.l3l4.stages.packet.SingleWriter;
import io.marchproxy.l3l4.stages.pipeline.StateReader;
import io.marchproxy.l3l4.stages.pipeline.StateWriter;
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

    EachCeilings(FlowTable flows) {
        this.flows = flows;
        this.buckets = new EachBuckets(2 * flows.capacity(), flows.hash());
    }

    /** Takes over a snapshot, which the services have already. */
    void apply(ShapeSettings settings, ServiceNode[] services, long nowNs) {
        isAny = settings.services().stream().anyMatch(one -> one.each().isSet());
        buckets.apply(kind -> limit(services, kind), nowNs);
    }

    /** What waits is under the ceilings that there are: no others are kept. */
    void applied(long nowNs) {
        buckets.tidy(nowNs);
        ofClient = null;
        ofConnection = null;
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
        if (!service.client.isSet() && !service.connection.isSet()) {
            ofClient = null;
            ofConnection = null;
            return;
        }
        long entry = flows.entry(packet.flowRef());
        long clientHigh = Memory.getLong(entry + FlowLayout.CLIENT_HIGH);
        long clientLow = Memory.getLong(entry + FlowLayout.CLIENT_LOW);
        ask(service, clientHigh, clientLow, packet.flowRef(), nowNs);
    }

    /** Looks for the ceilings of a client and a connection. */
    void ask(ServiceNode service, long clientHigh, long clientLow, long flowRef, long nowNs) {
        ofClient = service.client.isSet()
                ? buckets.get(clientKind(service), clientHigh, clientLow, service.client, nowNs, null)
                : null;
        ofConnection = service.connection.isSet()
                ? buckets.get(connectionKind(service), 0, flowRef, service.connection, nowNs, ofClient)
                : null;
    }

    /** The client's ceiling that was asked for; null if it has none. */
    @Nullable
    EachBucket ofClient() {
        return ofClient;
    }

    /** Whether the client has none of its own, since there was no room, but that of all such. */
    boolean isClientShared() {
        return EachBuckets.isShared(ofClient);
    }

    /** The connection's ceiling that was asked for; null if it has none. */
    @Nullable
    EachBucket ofConnection() {
        return ofConnection;
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

    /** The ceiling of a client that was saved; null if it has none. */
    @Nullable
    EachBucket ofClient(ServiceNode service, long clientHigh, long clientLow) {
        return service.client.isSet() ? found(buckets.find(clientKind(service), clientHigh, clientLow)) : null;
    }

    /** The ceiling of a connection that was saved; null if it has none. */
    @Nullable
    EachBucket ofConnection(ServiceNode service, long flowRef, boolean isShared) {
        if (!service.connection.isSet()) {
            return null;
        }
        return found(
                isShared
                        ? buckets.find(connectionKind(service), EachBuckets.SHARED, EachBuckets.SHARED)
                        : buckets.find(connectionKind(service), 0, flowRef));
    }

    private static EachBucket found(@Nullable EachBucket bucket) {
        if (bucket == null) {
            throw new IllegalStateException("something waits for a ceiling that there is not");
        }
        return bucket;
    }

    void save(StateWriter to) {
        buckets.save(to);
    }

    /** Takes over what was saved, with the services that the settings name. */
    void restore(ServiceNode[] services, StateReader from) {
        buckets.restore(kind -> limit(services, kind), from);
    }
}
