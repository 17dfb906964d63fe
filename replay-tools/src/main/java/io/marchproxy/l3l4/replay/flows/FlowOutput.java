package io.marchproxy.l3l4.replay.flows;

import java.io.IOException;

/** Where flows are written, one after the other. Closed when the last was. */
interface FlowOutput extends AutoCloseable {
    void write(Flow flow) throws IOException;

    @Override
    void close() throws IOException;
}
