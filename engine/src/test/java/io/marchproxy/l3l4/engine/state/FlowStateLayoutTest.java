package io.marchproxy.l3l4.engine.state;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.lang.reflect.Method;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import net.openhft.chronicle.hash.VanillaGlobalMutableState;
import net.openhft.chronicle.values.ValueModel;
import org.junit.jupiter.api.Test;

/** Files outlive the program that wrote them: a byte that moves is another layout, and then the version counts up. */
class FlowStateLayoutTest {
    @Test
    void shouldKeepEveryFieldWhereItStands() throws IllegalAccessException {
        Map<String, Integer> places = new TreeMap<>();
        for (var field : FlowStateLayout.class.getFields()) {
            places.put(field.getName(), field.getInt(null));
        }
        assertEquals(
                "{BACKEND=8, BYTES_TO_BACKEND=24, BYTES_TO_CLIENT=40, CLIENT_HIGH=0, CLIENT_LOW=8, CLIENT_PORT=32,"
                        + " DROPPED_PACKETS=4, DSCP=1, END=3, FIRST_SEEN_US=48, ICMP_ERRORS=70, IP_VERSION=37, KEY_SIZE=48,"
                        + " LAST_SEEN_US=56, LISTENER_HIGH=16, LISTENER_LOW=24, LISTENER_PORT=34, LIVES=255,"
                        + " PACKETS_TO_BACKEND=16, PACKETS_TO_CLIENT=32, PROTOCOL=36, ROUND_TRIP_US=64, RULE=68, SERVICE=40,"
                        + " TCP_FLAGS=2, TRAFFIC_CLASS=0, VALUE_SIZE=72, VERSION=1}",
                places.toString());
    }

    @Test
    void shouldCallServicesAndBackendsTheSameForEver() {
        assertEquals(0x04fb2183dfadd7eaL, StableIds.service("dns"));
        assertEquals(0x81832f0ca1b6c347L, StableIds.backend("dns", "a"));
        assertEquals(0xcdbbe5c0b2d88c5fL, StableIds.backend("dns", "b"));
    }

    /** {@code VanillaGlobalMutableState$$Native} stands in for what Chronicle would generate of this. */
    @Test
    void shouldPlaceTheMapsOwnStateAsChronicleWould() throws Exception {
        ValueModel model = ValueModel.acquire(VanillaGlobalMutableState.class);
        Map<Integer, Integer> extentsAtOffsets = new TreeMap<>();
        for (Object field : model.fields().toList()) {
            extentsAtOffsets.put(bits("fieldBitOffset", model, field), bits("fieldBitExtent", model, field));
        }

        assertEquals(Map.of(0, 24, 24, 40, 64, 40, 104, 32, 136, 64), extentsAtOffsets);
        assertEquals(25, model.sizeInBytes());
        assertEquals(
                List.of("engine"),
                List.of(
                        model.nativeClass()
                                        .getProtectionDomain()
                                        .getCodeSource()
                                        .getLocation()
                                        .getPath()
                                        .contains("engine")
                                ? "engine"
                                : "generated"));
    }

    private static int bits(String method, ValueModel model, Object field) throws ReflectiveOperationException {
        for (Method candidate : ValueModel.class.getDeclaredMethods()) {
            if (candidate.getName().equals(method)) {
                candidate.setAccessible(true);
                return (int) candidate.invoke(model, field);
            }
        }
        throw new NoSuchMethodException(method);
    }
}
