package io.marchproxy.l3l4.engine.metrics;

import io.marchproxy.l3l4.engine.journal.JournalStatus;
import io.marchproxy.l3l4.engine.latency.LatencyLogStatus;
import io.marchproxy.l3l4.engine.state.FlowStateStatus;
import io.marchproxy.l3l4.engine.status.StatusReport;
import io.marchproxy.l3l4.engine.status.StatusReport.BackendStatus;
import io.marchproxy.l3l4.engine.status.StatusReport.BooksLine;
import io.marchproxy.l3l4.engine.status.StatusReport.DropLine;
import io.marchproxy.l3l4.engine.status.StatusReport.FlowStateReport;
import io.marchproxy.l3l4.engine.status.StatusReport.PoliceLine;
import io.marchproxy.l3l4.engine.status.StatusReport.ProbeStatus;
import io.marchproxy.l3l4.engine.status.StatusReport.QueueStatus;
import io.marchproxy.l3l4.engine.status.StatusReport.ServiceStatus;
import io.marchproxy.l3l4.engine.status.StatusReport.ShardStatus;
import io.marchproxy.l3l4.engine.status.StatusReport.TcpStatus;
import java.util.EnumMap;
import java.util.Map;
import org.HdrHistogram.Histogram;

/** The metrics of one moment: pulled from what the service tells of itself, never pushed by packets. */
public final class MetricsPage {
    private static final double NANOS = 1e-9;

    private final Map<Metric, Family> families = new EnumMap<>(Metric.class);

    private MetricsPage() {}

    /**
     * Reads everything off once.
     *
     * @param residence residence times in nanoseconds since the start
     * @param algorithms how each service that is configured now chooses its backends, by its name
     * @param udpEvents what the UDP relay counts besides the books
     */
    public static MetricsPage of(
            StatusReport report, Histogram residence, Map<String, String> algorithms, Map<String, Long> udpEvents) {
        MetricsPage page = new MetricsPage();
        page.service(report);
        report.services().forEach(page::service);
        report.books().forEach(page::books);
        report.queues().forEach(page::queue);
        report.policing().forEach(page::police);
        report.backends().forEach(backend -> page.backend(backend, algorithms));
        udpEvents.forEach((event, count) -> page.family(Metric.UDP_EVENTS).add(count, event));
        page.residence(residence);
        report.shards().forEach(page::shard);
        page.clouds(report.clouds());
        report.journals().forEach(page::journal);
        report.latencyLogs().forEach(page::latencyLog);
        FlowStateReport flowState = report.flowState();
        if (flowState != null) {
            page.flowState(flowState);
        }
        ProcessMetrics.collect(page::family);
        return page;
    }

    /** The page as text. */
    public String write(ExpositionFormat format) {
        return format.write(families.values());
    }

    private Family family(Metric metric) {
        return families.computeIfAbsent(metric, Family::new);
    }

    private void service(StatusReport report) {
        family(Metric.BUILD_INFO).set(1, report.version(), report.transport(), report.mode());
        family(Metric.CONFIGURATION_INFO).set(1, report.configurationHash());
        family(Metric.UPTIME).set(report.uptimeNs() * NANOS);
        family(Metric.READY).set(report.ready() ? 1 : 0);
        family(Metric.DRAINING).set(report.draining() ? 1 : 0);
        family(Metric.RELOADS).set(report.reloads());
        family(Metric.RELOADS_REFUSED).set(report.reloadsRefused());
        family(Metric.UNEXPECTED_ERRORS).set(report.unexpectedErrors());
    }

    private void service(ServiceStatus service) {
        String[] labels = {service.name(), service.protocol()};
        family(Metric.ACTIVE_CONNECTIONS).add(service.connections(), labels);
        if (service.active()) {
            family(Metric.MAX_CONNECTIONS).set(service.maxConnections(), labels);
        }
        family(Metric.TOTAL_CONNECTIONS).add(service.total(), labels);
        TcpStatus tcp = service.tcp();
        if (tcp != null) {
            family(Metric.CONNECT_RETRIES).add(tcp.retries(), service.name());
            family(Metric.ACCEPT_PAUSES).add(tcp.acceptPauses(), service.name());
            HistogramBuckets.ofDurations(tcp.durationsMs()).into(family(Metric.CONNECTION_DURATION), service.name());
        }
    }

    private void books(BooksLine line) {
        String[] labels = {line.service(), line.protocol(), line.trafficClass(), line.direction()};
        family(Metric.BYTES_RECEIVED).add(line.inBytes(), labels);
        family(Metric.BYTES_SENT).add(line.outBytes(), labels);
        family(Metric.BYTES_HELD).add(line.heldBytes(), labels);
        family(Metric.PACKETS_RECEIVED).add(line.inPackets(), labels);
        family(Metric.PACKETS_SENT).add(line.outPackets(), labels);
        family(Metric.PACKETS_HELD).add(line.heldPackets(), labels);
        family(Metric.PACKETS_MARKED).add(line.markedPackets(), labels);
        family(Metric.BYTES_MARKED).add(line.markedBytes(), labels);
        family(Metric.PACKETS_BORROWED).add(line.borrowedPackets(), labels);
        family(Metric.BYTES_BORROWED).add(line.borrowedBytes(), labels);
        family(Metric.PACKETS_MOVED).add(line.movedPackets(), labels);
        family(Metric.BYTES_MOVED).add(line.movedBytes(), labels);
        family(Metric.BOOKS_IMBALANCE).add(line.imbalanceBytes(), labels);
        family(Metric.QOS_BYTES_PROCESSED).add(line.outBytes(), line.trafficClass());
        family(Metric.QOS_QUEUE_DEPTH).add(line.heldPackets(), line.trafficClass());
        for (DropLine drop : line.drops()) {
            String[] drops = {labels[0], labels[1], labels[2], labels[3], drop.reason()};
            family(Metric.BYTES_DROPPED).add(drop.bytes(), drops);
            family(Metric.PACKETS_DROPPED).add(drop.packets(), drops);
            family(Metric.QOS_PACKETS_DROPPED).add(drop.packets(), line.trafficClass(), drop.reason());
        }
    }

    private void queue(QueueStatus queue) {
        HistogramBuckets.ofResidence(queue.delaysNs())
                .into(family(Metric.QOS_QUEUE_DELAY), queue.trafficClass(), queue.direction());
    }

    private void police(PoliceLine line) {
        family(Metric.POLICED_PACKETS).add(line.packets(), line.rule(), line.direction(), line.color());
        family(Metric.POLICED_BYTES).add(line.bytes(), line.rule(), line.direction(), line.color());
    }

    private void backend(BackendStatus backend, Map<String, String> algorithms) {
        String service = backend.service();
        String protocol = backend.protocol();
        String[] labels = {service, protocol, backend.id(), backend.provider(), backend.region()};
        family(Metric.CONNECTION_ERRORS).add(backend.connectErrors(), service, protocol, backend.id());
        family(Metric.BACKEND_UP).set(backend.healthy() ? 1 : 0, labels);
        family(Metric.BACKEND_SELECTIONS).add(backend.selections(), labels);
        String algorithm = algorithms.get(service);
        if (algorithm != null) {
            family(Metric.ROUTING_DECISIONS).add(backend.selections(), algorithm, service, protocol, backend.id());
        }
        if (backend.probeRttNs() > 0) {
            family(Metric.BACKEND_LATENCY).set(backend.probeRttNs() * NANOS, labels);
        }
        probing(backend, labels);
        family(Metric.BACKEND_BYTES)
                .add(backend.bytesToBackend(), service, protocol, backend.id(), "to-backend")
                .add(backend.bytesToClient(), service, protocol, backend.id(), "to-client");
        family(Metric.BACKEND_COST).add(backend.cost(), labels);
    }

    private void probing(BackendStatus backend, String[] labels) {
        ProbeStatus probing = backend.probing();
        String[] names = {backend.service(), backend.protocol(), backend.id()};
        if (backend.probeRttNs() > 0) {
            family(Metric.BACKEND_JITTER).set(probing.jitterNs() * NANOS, labels);
        }
        if (probing.probes() > 0) {
            family(Metric.BACKEND_LOSS).set(probing.loss(), labels);
            family(Metric.BACKEND_PROBES)
                    .add(probing.probes() - probing.probesFailed(), names[0], names[1], names[2], "answered")
                    .add(probing.probesFailed(), names[0], names[1], names[2], "failed");
        }
        probing.ejections()
                .forEach((reason, count) ->
                        family(Metric.BACKEND_EJECTIONS).add(count, names[0], names[1], names[2], reason));
        family(Metric.BACKEND_DRAINED).set(probing.drained() ? 1 : 0, labels);
    }

    private void clouds(StatusReport.CloudStatus clouds) {
        family(Metric.PRICES_INFO).set(1, clouds.priceVersion());
        for (StatusReport.RegionStatus region : clouds.regions()) {
            String crossing = region.crossing() ? "yes" : "no";
            family(Metric.REGION_BYTES)
                    .add(region.bytesToBackend(), region.provider(), region.region(), crossing, "to-backend")
                    .add(region.bytesToClient(), region.provider(), region.region(), crossing, "to-client");
            family(Metric.REGION_COST).add(region.cost(), region.provider(), region.region(), crossing);
        }
        for (StatusReport.RoutingStatus routing : clouds.routing()) {
            String[] labels = {routing.service(), routing.protocol()};
            family(Metric.ROUTE_PANICS).add(routing.panics(), labels);
            family(Metric.ROUTE_REFUSED).add(routing.refused(), labels);
            family(Metric.BUDGET_SPENT).set(routing.spentToday(), labels);
            family(Metric.BUDGET_SAVING).set(routing.saving() ? 1 : 0, labels);
            if (routing.dailyBudget() > 0) {
                family(Metric.BUDGET_LIMIT).set(routing.dailyBudget(), labels);
            }
        }
    }

    private void residence(Histogram times) {
        HistogramBuckets.ofResidence(times).into(family(Metric.RESIDENCE));
    }

    private void journal(JournalStatus journal) {
        String id = Integer.toString(journal.shard());
        family(Metric.JOURNAL_UP).set(journal.state() == JournalStatus.State.RECORDING ? 1 : 0, id);
        family(Metric.JOURNAL_RECORDS).set(journal.records(), id);
        family(Metric.JOURNAL_LOST_RECORDS).set(journal.lostRecords(), id);
        family(Metric.JOURNAL_BYTES).set(journal.bytes(), id);
        family(Metric.JOURNAL_WAITING).set(journal.waitingBytes(), id);
        family(Metric.JOURNAL_DISK).set(journal.diskBytes(), id);
        family(Metric.JOURNAL_CHECKPOINTS).set(journal.checkpoints(), id);
        family(Metric.JOURNAL_CHECKPOINTS_GIVEN_UP).set(journal.checkpointsGivenUp(), id);
    }

    private void latencyLog(LatencyLogStatus log) {
        String id = Integer.toString(log.shard());
        family(Metric.LATENCY_LOG_UP).set(log.state() == LatencyLogStatus.State.WRITING ? 1 : 0, id);
        family(Metric.LATENCY_LOG_LINES).set(log.lines(), id);
        family(Metric.LATENCY_LOG_LOST_LINES).set(log.lostLines(), id);
        family(Metric.LATENCY_LOG_DISK).set(log.diskBytes(), id);
    }

    private void flowState(FlowStateReport report) {
        FlowStateStatus status = report.status();
        family(Metric.FLOW_STATE_UP).set(status.state() == FlowStateStatus.State.WRITING ? 1 : 0);
        family(Metric.FLOW_STATE_FLOWS).set(status.flows());
        family(Metric.FLOW_STATE_MAX).set(status.maxFlows());
        family(Metric.FLOW_STATE_WRITES).set(status.written());
        family(Metric.FLOW_STATE_LOST).set(status.lost());
        family(Metric.FLOW_STATE_EVICTED).set(status.evicted());
        family(Metric.FLOW_STATE_EXPIRED).set(status.expired());
        family(Metric.FLOW_STATE_RESTORED).set(status.restored());
        family(Metric.FLOW_STATE_FOUND).set(report.found());
        family(Metric.FLOW_STATE_AWAITED).set(report.awaited());
        family(Metric.FLOW_STATE_WAITING).set(status.waitingBytes());
        family(Metric.FLOW_STATE_DISK).set(status.diskBytes());
    }

    private void shard(ShardStatus shard) {
        String id = Integer.toString(shard.id());
        family(Metric.FLOWS).set(shard.flows(), id);
        family(Metric.FLOWS_MAX).set(shard.maxFlows(), id);
        family(Metric.RING_USED).set(shard.ringUsed(), id);
        family(Metric.RING_SLOTS).set(shard.ringSlots(), id);
    }
}
