package io.marchproxy.l3l4.engine.journal;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.marchproxy.l3l4.config.settings.JournalSettings;
import io.marchproxy.l3l4.stages.pipeline.PipelineSettings;
import io.marchproxy.l3l4.stages.route.BackendPool;
import io.marchproxy.l3l4.stages.route.GatewaySet;
import io.marchproxy.l3l4.stages.route.PoolMember;
import io.marchproxy.l3l4.stages.route.PrefixList;
import io.marchproxy.l3l4.stages.route.PrefixRoutes;
import io.marchproxy.l3l4.stages.route.RouteAlgorithm;
import io.marchproxy.l3l4.stages.route.RouteChoice;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class RecordJsonTest {
    @Test
    void shouldReadBackTheSameSettings() throws Exception {
        SessionInfo session = new SessionInfo(
                "1.2.3",
                JournalSettings.Mode.PACKETS,
                1,
                2,
                true,
                Long.MIN_VALUE,
                1000,
                1,
                -5,
                Recorded.settings(Long.MAX_VALUE));

        assertEquals(session, RecordJson.read(RecordJson.write(session), SessionInfo.class));
    }

    @Test
    void shouldReadBackTheSameRoutes() throws Exception {
        PrefixList.Builder list = new PrefixList.Builder();
        for (long i = 0; i < 1_000; i++) {
            list.add(4, 0x0a00_0000L << 32 | i << 40, 0, 24, (int) (i % 2));
        }
        list.add(6, 0x2001_0db8_0000_0000L, 0, 32, 1);
        List<GatewaySet> sets = List.of(new GatewaySet(List.of(0)), new GatewaySet(List.of(0, 1)));
        BackendPool pool = new BackendPool(
                List.of(new PoolMember(3), new PoolMember(4)),
                RouteChoice.of(RouteAlgorithm.MAGLEV),
                PrefixRoutes.of(list.build(), sets));
        byte[] text = RecordJson.write(pool);

        assertEquals(pool, RecordJson.read(text, BackendPool.class));
        assertTrue(text.length < 3_000, "packed: " + text.length);
    }

    @ParameterizedTest
    @CsvSource({
        "version,       release,   PipelineSettings.version",
        "dscpP0,        dscp-p0,   PipelineSettings.mark.dscpP0",
        "\"enabled\":true, \"enabled\":1, PipelineSettings.mark.enabled",
        "\"dscpP1\":34, \"dscpP1\":\"34\", PipelineSettings.mark.dscpP1",
        "\"dscpP1\":34, \"dscpP1\":34e9, PipelineSettings.mark.dscpP1",
        "\"hash\":,     \"new\":[]_\"hash\":, PipelineSettings"
    })
    void shouldRefuseWhatAnotherVersionWrote(String here, String there, String place) {
        String text = new String(RecordJson.write(Recorded.settings(1)), StandardCharsets.UTF_8);
        String other = text.replaceFirst(Pattern.quote(here), there.replace('_', ','));

        JournalException refusal = assertThrows(
                JournalException.class,
                () -> RecordJson.read(other.getBytes(StandardCharsets.UTF_8), PipelineSettings.class));

        assertTrue(refusal.getMessage().contains("another version of the program: " + place), refusal.getMessage());
    }

    @Test
    void shouldRefuseSettingsThatContradictThemselves() {
        String text = new String(RecordJson.write(Recorded.settings(1)), StandardCharsets.UTF_8)
                .replace("\"dscpP0\":46", "\"dscpP0\":460");

        JournalException refusal = assertThrows(
                JournalException.class,
                () -> RecordJson.read(text.getBytes(StandardCharsets.UTF_8), PipelineSettings.class));

        assertTrue(refusal.getMessage().contains("code point 460"), refusal.getMessage());
    }

    @Test
    void shouldRefuseWhatIsNoJson() {
        for (String text : new String[] {"", "{", "[1", "nonsense", "{\"version\":1"}) {
            assertThrows(
                    JournalException.class,
                    () -> RecordJson.read(text.getBytes(StandardCharsets.UTF_8), PipelineSettings.class),
                    text);
        }
    }
}
