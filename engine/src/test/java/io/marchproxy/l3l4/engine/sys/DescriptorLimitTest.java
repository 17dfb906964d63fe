package io.marchproxy.l3l4.engine.sys;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.List;
import org.junit.jupiter.api.Test;

class DescriptorLimitTest {
    @Test
    void shouldReadTheSoftLimit() {
        List<String> lines = List.of(
                "Limit                     Soft Limit           Hard Limit           Units     ",
                "Max processes             94000                94000                processes ",
                "Max open files            1024                 524288               files     ");
        assertEquals(1024, DescriptorLimit.soft(lines));
        assertEquals(
                Integer.MAX_VALUE,
                DescriptorLimit.soft(
                        List.of("Max open files            unlimited            unlimited            files")));
        assertEquals(Integer.MAX_VALUE, DescriptorLimit.soft(List.of()));
    }
}
