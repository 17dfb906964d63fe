package io.marchproxy.l3l4.engine.testing;

import com.fasterxml.jackson.databind.JsonNode;
import java.net.InetSocketAddress;
import java.net.URI;
import java.util.List;
import java.util.stream.Stream;
import java.util.stream.StreamSupport;

/** What {@code /status} says, by the questions that tests ask of it. */
public record ProxyStatus(JsonNode json) {

    public String transport() {
        return json.path("transport").asText();
    }

    public String mode() {
        return json.path("mode").asText();
    }

    public String configurationHash() {
        return json.path("configuration_hash").asText();
    }

    public long reloads() {
        return json.path("reloads").asLong();
    }

    public long reloadsRefused() {
        return json.path("reloads_refused").asLong();
    }

    public long unexpectedErrors() {
        return json.path("unexpected_errors").asLong();
    }

    /** The first address on which an active service listens by this protocol. */
    public InetSocketAddress listening(String service, String protocol) {
        return listeningAll(service, protocol).getFirst();
    }

    /** All addresses on which an active service listens by this protocol. */
    public List<InetSocketAddress> listeningAll(String service, String protocol) {
        return services()
                .filter(each -> each.path("name").asText().equals(service))
                .filter(each -> each.path("protocol").asText().equals(protocol))
                .filter(each -> each.path("active").asBoolean())
                .flatMap(each -> elements(each.path("listen")))
                .map(JsonNode::asText)
                .map(ProxyStatus::address)
                .toList();
    }

    /** Live connections and sessions of one service, over both protocols. */
    public long connections(String service) {
        return services()
                .filter(each -> each.path("name").asText().equals(service))
                .mapToLong(each -> each.path("connections").asLong())
                .sum();
    }

    /** Connections and sessions of one service since the start, over both protocols. */
    public long total(String service) {
        return services()
                .filter(each -> each.path("name").asText().equals(service))
                .mapToLong(each -> each.path("total").asLong())
                .sum();
    }

    /** Live connections and sessions of all services. */
    public long connections() {
        return services().mapToLong(each -> each.path("connections").asLong()).sum();
    }

    /** Packets of a service that were dropped for a reason. */
    public long dropped(String service, String reason) {
        return books().filter(line -> line.path("service").asText().equals(service))
                .flatMap(line -> elements(line.path("dropped")))
                .filter(drop -> drop.path("reason").asText().equals(reason))
                .mapToLong(drop -> drop.path("packets").asLong())
                .sum();
    }

    /** Packets of a service that were dropped for any reason. */
    public long dropped(String service) {
        return books().filter(line -> line.path("service").asText().equals(service))
                .flatMap(line -> elements(line.path("dropped")))
                .mapToLong(drop -> drop.path("packets").asLong())
                .sum();
    }

    /** A number of a service's books, such as {@code in_bytes}, in one direction ({@code to-backend}, {@code to-client}). */
    public long booked(String service, String direction, String column) {
        return books().filter(line -> line.path("service").asText().equals(service))
                .filter(line -> line.path("direction").asText().equals(direction))
                .mapToLong(line -> line.path(column).asLong())
                .sum();
    }

    /**
     * What the rules that police counted, of those whose conditions contain a text.
     *
     * @param color {@code conform}, {@code exceed} or {@code violate}
     * @param column {@code packets} or {@code bytes}
     */
    public long policed(String rule, String direction, String color, String column) {
        return elements(json.path("policing"))
                .filter(line -> line.path("rule").asText().contains(rule))
                .filter(line -> line.path("direction").asText().equals(direction))
                .filter(line -> line.path("color").asText().equals(color))
                .mapToLong(line -> line.path(column).asLong())
                .sum();
    }

    /** Whether nothing is held or under way: only then must the books balance to the byte. */
    public boolean quiet() {
        return connections("tcp", "protocol") == 0
                && books().allMatch(line -> line.path("held_packets").asLong() == 0
                        && line.path("held_bytes").asLong() == 0);
    }

    /** Lines of the books that do not balance. */
    public List<JsonNode> imbalances() {
        return books().filter(line -> line.path("imbalance_bytes").asLong() != 0)
                .toList();
    }

    /** The status of one backend, by its configured id. */
    public JsonNode backend(String id) {
        return elements(json.path("backends"))
                .filter(each -> each.path("id").asText().equals(id))
                .findFirst()
                .orElseThrow();
    }

    private long connections(String value, String field) {
        return services()
                .filter(each -> each.path(field).asText().equals(value))
                .mapToLong(each -> each.path("connections").asLong())
                .sum();
    }

    private Stream<JsonNode> services() {
        return elements(json.path("services"));
    }

    private Stream<JsonNode> books() {
        return elements(json.path("books"));
    }

    private static Stream<JsonNode> elements(JsonNode array) {
        return StreamSupport.stream(array.spliterator(), false);
    }

    private static InetSocketAddress address(String text) {
        URI uri = URI.create(text.contains("://") ? text : "any://" + text);
        String host = uri.getHost().replaceAll("[\\[\\]]", "");
        return new InetSocketAddress(host, uri.getPort());
    }

    @Override
    public String toString() {
        return json.toPrettyString();
    }
}
