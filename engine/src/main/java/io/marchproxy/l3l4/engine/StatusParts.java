package io.marchproxy.l3l4.engine;

import io.marchproxy.l3l4.config.settings.ListenAddress;
import io.marchproxy.l3l4.config.settings.Protocol;
import io.marchproxy.l3l4.config.settings.TrafficClass;
import io.marchproxy.l3l4.config.value.HostPort;
import io.marchproxy.l3l4.engine.health.HealthMonitor;
import io.marchproxy.l3l4.engine.listen.ListenerSet;
import io.marchproxy.l3l4.engine.listen.Relay;
import io.marchproxy.l3l4.engine.numa.CpuList;
import io.marchproxy.l3l4.engine.numa.Topology;
import io.marchproxy.l3l4.engine.settings.CompiledSettings;
import io.marchproxy.l3l4.engine.settings.CompiledSettings.CompiledBackend;
import io.marchproxy.l3l4.engine.settings.CompiledSettings.CompiledService;
import io.marchproxy.l3l4.engine.shard.Shard;
import io.marchproxy.l3l4.engine.status.StatusReport;
import io.marchproxy.l3l4.engine.tcp.TcpCounters;
import io.marchproxy.l3l4.engine.tcp.TcpRelay;
import io.marchproxy.l3l4.stages.packet.Direction;
import io.netty.util.NetUtil;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.TreeMap;
import java.util.stream.Collectors;
import org.HdrHistogram.Histogram;

/** Reads the parts of a status report off the running components. Any thread. */
record StatusParts(
        List<Shard> running,
        CloudParts cloudParts,
        TcpRelay tcp,
        Relay udp,
        ListenerSet listeners,
        HealthMonitor health,
        ConnectErrors connectErrors,
        long startedNs) {

    /** What services are called together that are gone and have nothing left; no service can have this name. */
    static final String REMOVED = "(removed)";

    List<StatusReport.ShardStatus> shards() {
        return running.stream().map(StatusParts::shard).toList();
    }

    StatusReport.PlacementStatus placement(Placement placement, Neighbourhood neighbourhood, List<String> notes) {
        return new StatusReport.PlacementStatus(
                placement.plan().reason(),
                CpuList.format(placement.topology().cpus()),
                placement.topology().cores(),
                placement.settings().numa(),
                placement.topology().nodes().stream().map(this::node).toList(),
                placement.plan().spinNs(),
                neighbourhood.steering().state(),
                notes,
                neighbourhood.advice());
    }

    private StatusReport.NodeStatus node(Topology.Node node) {
        List<Shard> here = running.stream()
                .filter(shard -> shard.options().node() == node.id())
                .toList();
        return new StatusReport.NodeStatus(
                node.id(),
                CpuList.format(node.cpus()),
                node.cores(),
                here.stream().map(Shard::id).toList(),
                !here.isEmpty() && here.stream().allMatch(Shard::isBoundToNode));
    }

    /**
     * Each service that is configured or has something left from when it was, and one line for each protocol's services that
     * are gone: names come and go with reloads, and are not to pile up in reports.
     */
    List<StatusReport.ServiceStatus> services(CompiledSettings settings) {
        List<StatusReport.ServiceStatus> lines = new ArrayList<>();
        Set<Integer> gone = gone(settings);
        settings.services().stream()
                .filter(service -> !gone.contains(service.id()))
                .map(this::service)
                .forEach(lines::add);
        for (Protocol protocol : Protocol.values()) {
            List<StatusReport.ServiceStatus> removed = settings.services().stream()
                    .filter(service -> gone.contains(service.id()) && service.protocol() == protocol.number())
                    .map(this::service)
                    .toList();
            if (!removed.isEmpty()) {
                lines.add(sum(removed));
            }
        }
        return List.copyOf(lines);
    }

    /** Numbers of the services that a reload took away and that have no connection or session any more. */
    Set<Integer> gone(CompiledSettings settings) {
        return settings.services().stream()
                .filter(service -> !service.active()
                        && (service.protocol() == Protocol.TCP.number() ? tcp : udp).live(service.id()) == 0)
                .map(CompiledService::id)
                .collect(Collectors.toSet());
    }

    private static StatusReport.ServiceStatus sum(List<StatusReport.ServiceStatus> removed) {
        StatusReport.TcpStatus tcp = removed.stream()
                .map(StatusReport.ServiceStatus::tcp)
                .filter(Objects::nonNull)
                .reduce(StatusReport.TcpStatus::plus)
                .orElse(null);
        return new StatusReport.ServiceStatus(
                -1,
                REMOVED,
                removed.getFirst().protocol(),
                false,
                List.of(),
                "",
                0,
                0,
                removed.stream().mapToLong(StatusReport.ServiceStatus::total).sum(),
                tcp);
    }

    List<StatusReport.BackendStatus> backends(CompiledSettings settings) {
        return settings.backends().stream().map(this::backend).toList();
    }

    List<StatusReport.QueueStatus> queues() {
        List<StatusReport.QueueStatus> queues = new ArrayList<>();
        for (int trafficClass = 0; trafficClass < TrafficClass.values().length; trafficClass++) {
            for (Direction direction : Direction.values()) {
                int number = trafficClass;
                Histogram delays = running.stream()
                        .map(shard -> shard.pipeline().holds(number, direction).total())
                        .reduce((sum, other) -> {
                            sum.add(other);
                            return sum;
                        })
                        .orElseThrow();
                if (delays.getTotalCount() != 0) {
                    queues.add(new StatusReport.QueueStatus("P" + trafficClass, BooksReport.label(direction), delays));
                }
            }
        }
        return List.copyOf(queues);
    }

    /** What is routed where among clouds. */
    StatusReport.CloudStatus clouds(CompiledSettings settings) {
        return cloudParts.status(settings, System.nanoTime());
    }

    private static StatusReport.ShardStatus shard(Shard shard) {
        return new StatusReport.ShardStatus(
                shard.id(),
                shard.options().cpus(),
                shard.flows(),
                shard.options().maxFlows(),
                shard.ringUsed(),
                shard.options().ringSlots());
    }

    private StatusReport.ServiceStatus service(CompiledService service) {
        boolean isTcp = service.protocol() == Protocol.TCP.number();
        Relay relay = isTcp ? tcp : udp;
        return new StatusReport.ServiceStatus(
                service.id(),
                service.settings().name(),
                service.protocolLabel(),
                service.active(),
                service.protocol() == Protocol.IP.number()
                        ? List.of(ListenAddress.IP_PACKETS.toString())
                        : listeners.addresses(service.id()).stream()
                                .map(address ->
                                        service.protocolLabel() + "://" + NetUtil.toSocketAddressString(address))
                                .toList(),
                service.settings().trafficClass().name(),
                relay.live(service.id()),
                isTcp ? service.settings().maxConnections() : service.settings().maxSessions(),
                relay.total(service.id()),
                isTcp ? tcpStatus(service) : null);
    }

    private StatusReport.TcpStatus tcpStatus(CompiledService service) {
        TcpCounters counters = tcp.counters(service.id());
        return new StatusReport.TcpStatus(
                tcp.acceptPauses(service.settings().name()), counters.retries(), counters.durationsMs());
    }

    private StatusReport.BackendStatus backend(CompiledBackend backend) {
        int index = backend.target().index();
        HealthMonitor.Health state = health.health(index);
        long toBackend = running.stream()
                .mapToLong(shard -> shard.perBackend().bytesToBackend(index))
                .sum();
        long toClient = running.stream()
                .mapToLong(shard -> shard.perBackend().bytesToClient(index))
                .sum();
        return new StatusReport.BackendStatus(
                index,
                backend.service().id(),
                backend.service().settings().name(),
                backend.service().protocolLabel(),
                backend.target().id(),
                new HostPort(backend.settings().host(), backend.settings().port()).toString(),
                backend.settings().provider().label(),
                backend.settings().region(),
                backend.settings().costPerGb(),
                state == null || state.healthy(),
                state == null ? 0 : state.sinceNs() - startedNs,
                state == null ? "" : state.lastError(),
                running.stream()
                        .mapToLong(shard -> shard.perBackend().selections(index))
                        .sum(),
                connectErrors.of(index),
                toBackend,
                toClient,
                running.stream()
                        .mapToDouble(shard -> shard.pipeline().routeFigures().cost(index))
                        .sum(),
                state == null ? 0 : state.rttNs(),
                state == null ? StatusReport.ProbeStatus.UNKNOWN : probing(state));
    }

    private static StatusReport.ProbeStatus probing(HealthMonitor.Health state) {
        Map<String, Long> ejections = new TreeMap<>();
        state.ejections().forEach((reason, count) -> ejections.put(reason.label(), count));
        return new StatusReport.ProbeStatus(
                state.state(),
                state.drained(),
                state.heldUntilNs() == 0 ? 0 : Math.max(0, state.heldUntilNs() - System.nanoTime()),
                state.smoothedRttNs(),
                state.jitterNs(),
                state.loss(),
                state.probes(),
                state.probesFailed(),
                ejections);
    }
}
