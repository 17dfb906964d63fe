package io.marchproxy.l3l4.replay;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.Arrays;
import org.junit.jupiter.api.Test;

class CsvTest {
    @Test
    void shouldQuoteWhatWouldBeReadOtherwise() {
        assertEquals(
                "a,\"b,c\",\"d\"\"e\",\"f\ng\",\" h\",,7",
                Csv.line(Arrays.asList("a", "b,c", "d\"e", "f\ng", " h", null, 7)));
    }
}
