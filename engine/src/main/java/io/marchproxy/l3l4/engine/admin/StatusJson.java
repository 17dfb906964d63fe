package io.marchproxy.l3l4.engine.admin;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonGenerator;
import com.fasterxml.jackson.core.util.DefaultPrettyPrinter;
import io.marchproxy.l3l4.engine.journal.JournalStatus;
import io.marchproxy.l3l4.engine.latency.LatencyLogStatus;
import io.marchproxy.l3l4.engine.state.FlowStateStatus;
import io.marchproxy.l3l4.engine.status.StatusReport;
import io.marchproxy.l3l4.engine.status.StatusReport.BackendStatus;
import io.marchproxy.l3l4.engine.status.StatusReport.BooksLine;
import io.marchproxy.l3l4.engine.status.StatusReport.DropLine;
import io.marchproxy.l3l4.engine.status.StatusReport.NodeStatus;
import io.marchproxy.l3l4.engine.status.StatusReport.PlacementStatus;
import io.marchproxy.l3l4.engine.status.StatusReport.QueueStatus;
import io.marchproxy.l3l4.engine.status.StatusReport.ServiceStatus;
import io.marchproxy.l3l4.engine.status.StatusReport.ShardStatus;
import java.io.IOException;
import java.io.StringWriter;
import java.io.UncheckedIOException;
import java.util.List;
import java.util.Map;
import org.HdrHistogram.Histogram;

/** The page {@code /status}; {@code docs/ADMIN.md} says what each field means. Indented, for people read it too. */
public final class StatusJson {
    private static final JsonFactory JSON = new JsonFactory();
    /** Divided by, which gives the nearest number: a product would be shown with 17 digits. */
    private static final double SECOND_NS = 1e9;

    private final JsonGenerator json;

    private StatusJson(JsonGenerator json) {
        this.json = json;
    }

    /** The report as a JSON document that ends in a line feed. */
    public static String write(StatusReport report) {
        StringWriter text = new StringWriter();
        try (JsonGenerator json = JSON.createGenerator(text)) {
            json.setPrettyPrinter(new DefaultPrettyPrinter());
            new StatusJson(json).report(report);
        } catch (IOException e) {
            throw new UncheckedIOException("a StringWriter takes everything", e);
        }
        return text.append('\n').toString();
    }

    /** Writes one element of a list. */
    private interface Element<T> {
        void write(T element) throws IOException;
    }

    private void report(StatusReport report) throws IOException {
        json.writeStartObject();
        json.writeStringField("version", report.version());
        json.writeNumberField("uptime_seconds", report.uptimeNs() / SECOND_NS);
        json.writeStringField("configuration_hash", report.configurationHash());
        json.writeBooleanField("ready", report.ready());
        json.writeBooleanField("draining", report.draining());
        json.writeStringField("transport", report.transport());
        json.writeStringField("mode", report.mode());
        json.writeNumberField("reloads", report.reloads());
        json.writeNumberField("reloads_refused", report.reloadsRefused());
        json.writeNumberField("unexpected_errors", report.unexpectedErrors());
        json.writeNumberField("imbalance_bytes", report.imbalanceBytes());
        placement(report.placement());
        array("shards", report.shards(), this::shard);
        array("services", report.services(), this::service);
        array("backends", report.backends(), this::backend);
        clouds(report.clouds());
        array("journals", report.journals(), this::journal);
        array("latency_logs", report.latencyLogs(), this::latencyLog);
        StatusReport.FlowStateReport flowState = report.flowState();
        if (flowState != null) {
            flowState(flowState);
        }
        array("books", report.books(), this::books);
        array("queues", report.queues(), this::queue);
        array("policing", report.policing(), this::police);
        json.writeEndObject();
    }

    private <T> void array(String name, List<T> elements, Element<T> element) throws IOException {
        json.writeArrayFieldStart(name);
        for (T each : elements) {
            element.write(each);
        }
        json.writeEndArray();
    }

    private void placement(PlacementStatus placement) throws IOException {
        json.writeObjectFieldStart("placement");
        json.writeStringField("reason", placement.reason());
        json.writeStringField("cpus", placement.cpus());
        json.writeNumberField("cores", placement.cores());
        json.writeBooleanField("numa", placement.numa());
        array("nodes", placement.nodes(), this::node);
        json.writeNumberField("spin_seconds", placement.spinNs() / SECOND_NS);
        json.writeStringField("steering", placement.steering());
        array("notes", placement.notes(), json::writeString);
        array("interrupts", placement.interrupts(), json::writeString);
        json.writeEndObject();
    }

    private void node(NodeStatus node) throws IOException {
        json.writeStartObject();
        json.writeNumberField("id", node.id());
        json.writeStringField("cpus", node.cpus());
        json.writeNumberField("cores", node.cores());
        array("shards", node.shards(), json::writeNumber);
        json.writeBooleanField("memory_bound", node.memoryBound());
        json.writeEndObject();
    }

    private void shard(ShardStatus shard) throws IOException {
        json.writeStartObject();
        json.writeNumberField("id", shard.id());
        array("cpus", shard.cpus(), json::writeNumber);
        json.writeNumberField("flows", shard.flows());
        json.writeNumberField("max_flows", shard.maxFlows());
        json.writeNumberField("ring_used", shard.ringUsed());
        json.writeNumberField("ring_slots", shard.ringSlots());
        json.writeEndObject();
    }

    private void service(ServiceStatus service) throws IOException {
        json.writeStartObject();
        json.writeNumberField("id", service.id());
        json.writeStringField("name", service.name());
        json.writeStringField("protocol", service.protocol());
        json.writeBooleanField("active", service.active());
        array("listen", service.listen(), json::writeString);
        json.writeStringField("class", service.trafficClass());
        json.writeNumberField("connections", service.connections());
        json.writeNumberField("max_connections", service.maxConnections());
        json.writeNumberField("total", service.total());
        StatusReport.TcpStatus tcp = service.tcp();
        if (tcp != null) {
            json.writeNumberField("accept_pauses", tcp.acceptPauses());
            json.writeNumberField("retries", tcp.retries());
        }
        json.writeEndObject();
    }

    private void backend(BackendStatus backend) throws IOException {
        json.writeStartObject();
        json.writeNumberField("index", backend.index());
        json.writeNumberField("service_id", backend.serviceId());
        json.writeStringField("service", backend.service());
        json.writeStringField("protocol", backend.protocol());
        json.writeStringField("id", backend.id());
        json.writeStringField("address", backend.address());
        json.writeStringField("provider", backend.provider());
        json.writeStringField("region", backend.region());
        json.writeBooleanField("healthy", backend.healthy());
        json.writeNumberField("healthy_since_seconds", backend.healthSince() / SECOND_NS);
        json.writeStringField("last_error", backend.lastError());
        json.writeNumberField("selections", backend.selections());
        json.writeNumberField("connect_errors", backend.connectErrors());
        json.writeNumberField("bytes_to_backend", backend.bytesToBackend());
        json.writeNumberField("bytes_to_client", backend.bytesToClient());
        json.writeNumberField("cost_per_gb", backend.costPerGb());
        json.writeNumberField("cost", backend.cost());
        json.writeNumberField("probe_rtt_seconds", backend.probeRttNs() / SECOND_NS);
        StatusReport.ProbeStatus probing = backend.probing();
        json.writeNumberField("probe_smoothed_rtt_seconds", probing.smoothedRttNs() / SECOND_NS);
        json.writeNumberField("probe_jitter_seconds", probing.jitterNs() / SECOND_NS);
        json.writeNumberField("probe_loss", probing.loss());
        json.writeNumberField("probes", probing.probes());
        json.writeNumberField("probes_failed", probing.probesFailed());
        json.writeStringField("state", probing.state());
        json.writeBooleanField("drained", probing.drained());
        json.writeNumberField("held_seconds", probing.heldNs() / SECOND_NS);
        json.writeObjectFieldStart("ejections");
        for (Map.Entry<String, Long> each : probing.ejections().entrySet()) {
            json.writeNumberField(each.getKey(), each.getValue());
        }
        json.writeEndObject();
        json.writeEndObject();
    }

    private void clouds(StatusReport.CloudStatus clouds) throws IOException {
        json.writeObjectFieldStart("clouds");
        json.writeStringField("price_version", clouds.priceVersion());
        json.writeStringField("home", clouds.home());
        array("routing", clouds.routing(), this::routing);
        array("regions", clouds.regions(), this::region);
        json.writeEndObject();
    }

    private void routing(StatusReport.RoutingStatus routing) throws IOException {
        json.writeStartObject();
        json.writeNumberField("service_id", routing.serviceId());
        json.writeStringField("service", routing.service());
        json.writeStringField("protocol", routing.protocol());
        json.writeStringField("algorithm", routing.algorithm());
        json.writeBooleanField("sticky", routing.sticky());
        json.writeNumberField("panics", routing.panics());
        json.writeNumberField("refused", routing.refused());
        json.writeNumberField("daily_budget", routing.dailyBudget());
        json.writeNumberField("spent_today", routing.spentToday());
        json.writeBooleanField("saving", routing.saving());
        json.writeNumberField("saving_since_seconds", routing.savingSinceNs() / SECOND_NS);
        json.writeEndObject();
    }

    private void region(StatusReport.RegionStatus region) throws IOException {
        json.writeStartObject();
        json.writeStringField("provider", region.provider());
        json.writeStringField("region", region.region());
        json.writeBooleanField("crossing", region.crossing());
        json.writeNumberField("flows", region.flows());
        json.writeNumberField("bytes_to_backend", region.bytesToBackend());
        json.writeNumberField("bytes_to_client", region.bytesToClient());
        json.writeNumberField("cost", region.cost());
        json.writeEndObject();
    }

    private void journal(JournalStatus journal) throws IOException {
        json.writeStartObject();
        json.writeNumberField("shard", journal.shard());
        json.writeStringField("state", journal.state().label());
        json.writeNumberField("records", journal.records());
        json.writeNumberField("lost_records", journal.lostRecords());
        json.writeNumberField("bytes", journal.bytes());
        json.writeNumberField("waiting_bytes", journal.waitingBytes());
        json.writeNumberField("disk_bytes", journal.diskBytes());
        json.writeNumberField("checkpoints", journal.checkpoints());
        json.writeNumberField("checkpoints_given_up", journal.checkpointsGivenUp());
        json.writeEndObject();
    }

    private void latencyLog(LatencyLogStatus log) throws IOException {
        json.writeStartObject();
        json.writeNumberField("shard", log.shard());
        json.writeStringField("state", log.state().label());
        json.writeNumberField("lines", log.lines());
        json.writeNumberField("lost_lines", log.lostLines());
        json.writeNumberField("disk_bytes", log.diskBytes());
        json.writeEndObject();
    }

    private void flowState(StatusReport.FlowStateReport report) throws IOException {
        FlowStateStatus status = report.status();
        json.writeObjectFieldStart("flow_state");
        json.writeStringField("state", status.state().label());
        json.writeNumberField("flows", status.flows());
        json.writeNumberField("max_flows", status.maxFlows());
        json.writeNumberField("written", status.written());
        json.writeNumberField("lost", status.lost());
        json.writeNumberField("evicted", status.evicted());
        json.writeNumberField("expired", status.expired());
        json.writeNumberField("restored", status.restored());
        json.writeNumberField("found", report.found());
        json.writeNumberField("awaited", report.awaited());
        json.writeNumberField("waiting_bytes", status.waitingBytes());
        json.writeNumberField("disk_bytes", status.diskBytes());
        json.writeEndObject();
    }

    private void books(BooksLine line) throws IOException {
        json.writeStartObject();
        json.writeNumberField("service_id", line.serviceId());
        json.writeStringField("service", line.service());
        json.writeStringField("protocol", line.protocol());
        json.writeStringField("class", line.trafficClass());
        json.writeStringField("direction", line.direction());
        json.writeNumberField("in_packets", line.inPackets());
        json.writeNumberField("in_bytes", line.inBytes());
        json.writeNumberField("out_packets", line.outPackets());
        json.writeNumberField("out_bytes", line.outBytes());
        json.writeNumberField("held_packets", line.heldPackets());
        json.writeNumberField("held_bytes", line.heldBytes());
        json.writeNumberField("marked_packets", line.markedPackets());
        json.writeNumberField("marked_bytes", line.markedBytes());
        json.writeNumberField("borrowed_packets", line.borrowedPackets());
        json.writeNumberField("borrowed_bytes", line.borrowedBytes());
        json.writeNumberField("moved_packets", line.movedPackets());
        json.writeNumberField("moved_bytes", line.movedBytes());
        array("dropped", line.drops(), this::drop);
        json.writeNumberField("imbalance_bytes", line.imbalanceBytes());
        json.writeEndObject();
    }

    private void queue(QueueStatus queue) throws IOException {
        Histogram delays = queue.delaysNs();
        json.writeStartObject();
        json.writeStringField("class", queue.trafficClass());
        json.writeStringField("direction", queue.direction());
        json.writeNumberField("waited_packets", delays.getTotalCount());
        json.writeNumberField("delay_p50_seconds", delays.getValueAtPercentile(50) / SECOND_NS);
        json.writeNumberField("delay_p95_seconds", delays.getValueAtPercentile(95) / SECOND_NS);
        json.writeNumberField("delay_p99_seconds", delays.getValueAtPercentile(99) / SECOND_NS);
        json.writeNumberField("delay_max_seconds", delays.getMaxValue() / SECOND_NS);
        json.writeEndObject();
    }

    private void police(StatusReport.PoliceLine line) throws IOException {
        json.writeStartObject();
        json.writeStringField("rule", line.rule());
        json.writeStringField("direction", line.direction());
        json.writeStringField("color", line.color());
        json.writeNumberField("packets", line.packets());
        json.writeNumberField("bytes", line.bytes());
        json.writeEndObject();
    }

    private void drop(DropLine drop) throws IOException {
        json.writeStartObject();
        json.writeStringField("reason", drop.reason());
        json.writeNumberField("packets", drop.packets());
        json.writeNumberField("bytes", drop.bytes());
        json.writeEndObject();
    }
}
