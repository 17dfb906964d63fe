package io.marchproxy.l3l4.engine.state;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.marchproxy.l3l4.engine.journal.JournalLayout;
import io.marchproxy.l3l4.engine.journal.Records;
import io.marchproxy.l3l4.engine.settings.SettingsCompiler;
import io.marchproxy.l3l4.stages.flow.FlowEntry;
import io.marchproxy.l3l4.stages.flow.FlowLayout;
import io.marchproxy.l3l4.stages.packet.IpPacket;
import io.marchproxy.l3l4.stages.packet.Memory;
import io.marchproxy.l3l4.stages.packet.TcpView;
import java.lang.foreign.Arena;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class RememberedFlowTest {
    private final long record = Arena.global()
            .allocate(JournalLayout.FLOW_ENTRY + (long) FlowLayout.SIZE, Long.BYTES)
            .address();
    private final long entry = Records.flowEntry(record);
    private final RememberedFlow flow = new RememberedFlow();

    @Test
    void shouldTakeOnlyAConnectOfOursForARoundTrip(@TempDir Path data) throws Exception {
        StableNames names =
                StableNames.of(new SettingsCompiler().compile(Remembered.settings(data, "mode: on", "a")), null);
        Memory.putByte(entry + FlowLayout.PROTOCOL, (byte) IpPacket.TCP);
        FlowEntry.sawTcpFlags(entry, TcpView.SYN | TcpView.ACK);
        FlowEntry.routesVersion(entry, 123_456);

        assertTrue(flow.set(record, names, 0));
        assertEquals(0, RememberedFlow.intAt(flow.value, FlowStateLayout.ROUND_TRIP_US), "a flow of IP packets");

        FlowEntry.tries(entry, 1);
        FlowEntry.connectNs(entry, 123_456);
        assertTrue(flow.set(record, names, 0));
        assertEquals(123, RememberedFlow.intAt(flow.value, FlowStateLayout.ROUND_TRIP_US), "a connection");
    }
}
