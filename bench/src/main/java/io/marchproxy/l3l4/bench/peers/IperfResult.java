package io.marchproxy.l3l4.bench.peers;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonToken;
import java.io.IOException;

/**
 * What iperf3 says at its end, with {@code -J}.
 *
 * @param bytes that the receiver got
 * @param bitsPerSecond of the receiver
 */
record IperfResult(double bytes, double bitsPerSecond) {
    private static final String SUM = "/end/sum_received/";

    /**
     * Reads iperf3's report.
     *
     * @throws IOException with iperf3's own words, if it reports an error; or if it isn't a report
     */
    static IperfResult parse(String json) throws IOException {
        double bytes = Double.NaN;
        double bitsPerSecond = Double.NaN;
        try (JsonParser parser = new JsonFactory().createParser(json)) {
            for (JsonToken token = parser.nextToken(); token != null; token = parser.nextToken()) {
                if (!token.isScalarValue()) {
                    continue;
                }
                switch (parser.getParsingContext().pathAsPointer().toString()) {
                    case SUM + "bytes" -> bytes = parser.getDoubleValue();
                    case SUM + "bits_per_second" -> bitsPerSecond = parser.getDoubleValue();
                    case "/error" -> throw new IOException("iperf3: " + parser.getText());
                    default -> {}
                }
            }
        }
        if (!(bytes > 0 && bitsPerSecond > 0)) {
            throw new IOException("iperf3 reports nothing received");
        }
        return new IperfResult(bytes, bitsPerSecond);
    }
}
