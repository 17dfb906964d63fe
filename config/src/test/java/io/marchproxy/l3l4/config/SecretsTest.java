package io.marchproxy.l3l4.config;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;

import io.marchproxy.l3l4.config.source.Overrides;
import io.marchproxy.l3l4.config.source.Setting;
import io.marchproxy.l3l4.config.value.Secret;
import io.marchproxy.l3l4.config.value.Values;
import java.nio.file.Path;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What is secret appears in no message, whichever way it came in and whatever is wrong with it. */
class SecretsTest {
    private static final String KEY = "hunter2-swordfish";

    @TempDir
    Path folder;

    @Test
    void shouldMaskASecretWhereverItIsShown() {
        Secret secret = new Secret(KEY);

        assertEquals("********", secret.toString());
        assertEquals("********", Values.SECRET.write(secret));
        assertEquals(KEY, secret.reveal());
        assertEquals(new Secret(KEY), secret);
        assertNotEquals(new Secret("other"), secret);
        assertEquals(new Secret("other").hashCode(), secret.hashCode(), "not even a digest of it");
    }

    @Test
    void shouldMaskTheKeyAmongFlags() {
        String shown = Overrides.none()
                .with(Setting.CLUSTER_API_KEY, KEY)
                .with(Setting.ADMIN_PORT, "1")
                .toString();

        assertEquals("{CLUSTER_API_KEY=[********], ADMIN_PORT=[1]}", shown);
        assertEquals("{}", Overrides.none().toString());
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "manager: { cluster-api-key: hunter2-swordfish }",
                "manager: { cluster-api-key: [ hunter2-swordfish ] }",
                "manager: { cluster-api-key: { hunter2-swordfish: 1 } }",
                "manager: { cluster-api-key: \"${CLUSTER_KEY}\" }",
                "manager: { cluster-api-kye: hunter2-swordfish }",
                "manager: { url: 'http://me:hunter2-swordfish@manager' }",
                "cluster_api_key: hunter2-swordfish",
                "log-level: ${CLUSTER_KEY}",
                "engine: { drain-timeout: \"${NUMBER}\" }",
                "engine: { ring-size: \"${NUMBER}\" }",
                "admin: { address: \"${CLUSTER_KEY}\" }",
                "observability: { tracing: { endpoint: 'http://me:hunter2-swordfish@h/' } }",
                "observability: { tracing: { endpoint: 'http://me:hunter2-swordfish@h h' } }",
                "services: [ { name: a, listen: 'tcp://${CLUSTER_KEY}', backends: [ { address: '${CLUSTER_KEY}' } ] } ]",
                "services: [ { name: a, listen: 'tcp://*:1', backends: [ { address: 'h:${NUMBER}' } ] } ]"
            })
    void shouldKeepSecretsOutOfFaults(String yaml) {
        Map<String, String> environment = Map.of("CLUSTER_KEY", KEY, "NUMBER", "31415926");
        ConfigResult result = Faulty.load(folder, yaml, environment, Overrides.none());

        assertFalse(result.faults().isEmpty());
        assertFalse(result.toString().contains("swordfish"), result::toString);
        assertFalse(result.toString().contains("31415926"), result::toString);
    }

    @Test
    void shouldKeepSecretsOutOfFaultsAboutFlagsAndVariables() {
        Map<String, String> environment = Map.of("CLUSTER_API_KEY", KEY, "MARCHPROXY_CLUSTER_API_KEY", KEY);
        Overrides flags = Overrides.none().with(Setting.CLUSTER_API_KEY, KEY);
        String shown = ConfigLoader.load(null, environment, flags).toString();

        assertFalse(shown.contains("swordfish"), shown);
    }
}
