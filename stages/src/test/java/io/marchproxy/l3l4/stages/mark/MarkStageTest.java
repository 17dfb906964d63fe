package io.marchproxy.l3l4.stages.mark;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import io.marchproxy.l3l4.stages.packet.DescriptorFlags;
import io.marchproxy.l3l4.stages.packet.Ecn;
import io.marchproxy.l3l4.stages.packet.EventKind;
import io.marchproxy.l3l4.stages.packet.PacketDescriptor;
import io.marchproxy.l3l4.stages.packet.TestPackets;
import io.marchproxy.l3l4.stages.pipeline.Verdict;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class MarkStageTest {
    private static final int PRESERVE = PacketDescriptor.DSCP_PRESERVE;
    private static final int UNCHANGED = PacketDescriptor.DSCP_UNCHANGED;

    private final PacketDescriptor packet = TestPackets.descriptor();

    /** What a packet of P1 (AF41) or P2 (as it came) that came with AF11 leaves with, by what its rule asked for. */
    @ParameterizedTest
    @CsvSource({
        "true, 1, 255, 34, 136",
        "true, 1, 46, 46, 184",
        "true, 1, 254, 10, 40",
        "true, 2, 255, 10, 40",
        "true, 2, 46, 46, 184",
        "false, 1, 255, 255, 40",
        "false, 1, 46, 255, 40",
        "false, 1, 254, 255, 40"
    })
    void shouldSetKeepOrReplaceTheCodePoint(boolean enabled, int trafficClass, int asked, int decided, int egressTos) {
        for (int ecn = 0; ecn <= Ecn.MASK; ecn++) {
            packet.reset(EventKind.DATA, 1);
            packet.trafficClass(trafficClass);
            packet.egressDscp(asked);
            packet.ingressDscp(10);
            packet.ingressEcn(ecn);

            assertEquals(
                    Verdict.CONTINUE, new MarkStage(new MarkSettings(enabled, 46, 34, PRESERVE, 0)).process(packet, 1));

            assertEquals(decided, packet.egressDscp());
            assertEquals(egressTos | ecn, packet.egressTos());
        }
    }

    @Test
    void shouldLeaveWithCongestionExperiencedWhenTheQueueSaysSo() {
        packet.reset(EventKind.DATA, 1);
        packet.ingressEcn(Ecn.CAPABLE_0);
        packet.flags(DescriptorFlags.CE_MARKED);

        new MarkStage(new MarkSettings(true, 46, 34, 18, 0)).process(packet, 1);

        assertEquals((46 << 2) | Ecn.CONGESTION_EXPERIENCED, packet.egressTos());
    }

    @Test
    void shouldRefuseWhatIsNoCodePoint() {
        assertThrows(IllegalArgumentException.class, () -> new MarkSettings(true, UNCHANGED, 0, 0, 0));
        assertThrows(IllegalArgumentException.class, () -> new MarkSettings(true, 0, 64, 0, 0));
    }
}
