package io.marchproxy.l3l4.engine.demo;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonGenerator;
import com.fasterxml.jackson.core.util.DefaultPrettyPrinter;
import io.marchproxy.l3l4.engine.demo.DemoReport.Books;
import io.marchproxy.l3l4.engine.demo.DemoReport.Clients;
import java.io.IOException;
import java.io.StringWriter;
import java.util.List;

/** The report for programs. Times in nanoseconds. */
final class ReportJson {
    private final JsonGenerator json;

    private ReportJson(JsonGenerator json) {
        this.json = json;
    }

    static String of(DemoReport report) throws IOException {
        StringWriter text = new StringWriter();
        try (JsonGenerator json = new JsonFactory().createGenerator(text)) {
            json.setPrettyPrinter(new DefaultPrettyPrinter());
            new ReportJson(json).write(report);
        }
        return text.append('\n').toString();
    }

    private void write(DemoReport report) throws IOException {
        json.writeStartObject();
        json.writeStringField("version", report.status().version());
        json.writeStringField("transport", report.status().transport());
        json.writeStringField("mode", report.status().mode());
        json.writeNumberField("shards", report.status().shards().size());
        json.writeNumberField("seconds", report.seconds());
        json.writeNumberField("bulk_bytes", report.bulkBytes());
        json.writeNumberField("killed_at_seconds", report.killedAtSeconds());
        times("tcp_latency_ns", report.tcp());
        times("udp_latency_ns", report.udp());
        times("residence_ns", report.residence());
        clients(report.clients());
        json.writeArrayFieldStart("books");
        for (String protocol : List.of("tcp", "udp")) {
            for (String direction : List.of("to-backend", "to-client")) {
                books(protocol, direction, report.books(protocol, direction));
            }
        }
        json.writeEndArray();
        json.writeArrayFieldStart("faults");
        for (String fault : report.faults()) {
            json.writeString(fault);
        }
        json.writeEndArray();
        json.writeBooleanField("passed", report.faults().isEmpty());
        json.writeEndObject();
    }

    private void times(String name, Percentiles times) throws IOException {
        json.writeObjectFieldStart(name);
        json.writeNumberField("count", times.count());
        json.writeNumberField("p50", times.p50Ns());
        json.writeNumberField("p90", times.p90Ns());
        json.writeNumberField("p99", times.p99Ns());
        json.writeNumberField("p999", times.p999Ns());
        json.writeNumberField("max", times.maxNs());
        json.writeEndObject();
    }

    private void clients(Clients clients) throws IOException {
        json.writeObjectFieldStart("clients");
        json.writeNumberField("tcp_connections", clients.tcpConnections());
        json.writeNumberField("tcp_requests", clients.tcpRequests());
        json.writeNumberField("tcp_bytes_sent", clients.tcpBytesSent());
        json.writeNumberField("tcp_bytes_received", clients.tcpBytesReceived());
        json.writeNumberField("bulk_bytes_received", clients.bulkBytesReceived());
        json.writeNumberField("udp_sent", clients.udpSent());
        json.writeNumberField("udp_received", clients.udpReceived());
        json.writeNumberField("cut_connections", clients.cutConnections());
        json.writeNumberField("cut_requests", clients.cutRequests());
        json.writeNumberField("cut_bytes", clients.cutBytes());
        json.writeNumberField("cut_datagrams", clients.cutDatagrams());
        json.writeNumberField("lost_requests", clients.lostRequests());
        json.writeNumberField("lost_bytes", clients.lostBytes());
        json.writeNumberField("lost_datagrams", clients.lostDatagrams());
        json.writeNumberField("wrong_bytes", clients.wrongBytes());
        json.writeNumberField("wrong_datagrams", clients.wrongDatagrams());
        json.writeNumberField("tcp_gap_first_ns", clients.tcpGap().firstNs());
        json.writeNumberField("tcp_gap_last_ns", clients.tcpGap().lastNs());
        json.writeNumberField("udp_gap_first_ns", clients.udpGap().firstNs());
        json.writeNumberField("udp_gap_last_ns", clients.udpGap().lastNs());
        json.writeEndObject();
    }

    private void books(String protocol, String direction, Books books) throws IOException {
        json.writeStartObject();
        json.writeStringField("protocol", protocol);
        json.writeStringField("direction", direction);
        json.writeNumberField("in", books.in());
        json.writeNumberField("out", books.out());
        json.writeNumberField("dropped", books.dropped());
        json.writeNumberField("held", books.held());
        json.writeEndObject();
    }
}
