package io.marchproxy.l3l4.config.bind;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;

import io.marchproxy.l3l4.config.fault.Origin;
import io.marchproxy.l3l4.config.schema.Key;
import io.marchproxy.l3l4.config.value.Secret;
import io.marchproxy.l3l4.config.value.Values;
import org.junit.jupiter.api.Test;

class EffectiveTest {
    private static final Key<Secret> KEY = Key.open("cluster-api-key", Values.SECRET, "none", "A key.");
    private static final Key<String> REGION = Key.open("region", Values.TEXT, "none", "A text.");

    @Test
    void shouldMaskSecretsAndQuoteWhatYamlWouldReadOtherwise() {
        assertEquals("""
                cluster-api-key: "********"  # flag --cluster-api-key
                region: "a: \\"b\\" # $${c}"  # default
                """, Effective.show(bound("hunter2", "a: \"b\" # ${c}")));
    }

    @Test
    void shouldLeaveSecretsOutOfTheHash() {
        String hash = Effective.hash(bound("hunter2", "r"));

        assertEquals(hash, Effective.hash(bound("swordfish", "r")));
        assertNotEquals(hash, Effective.hash(bound("hunter2", "other")));
    }

    private static Bound bound(String secret, String region) {
        Bound bound = new Bound("", Origin.Unwritten.DEFAULT, false);
        bound.put(KEY, new Bound.Value(new Secret(secret), KEY.type(), new Origin.Flag("--cluster-api-key")));
        bound.settle(REGION, region);
        return bound;
    }
}
