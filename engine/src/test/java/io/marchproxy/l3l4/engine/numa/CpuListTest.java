package io.marchproxy.l3l4.engine.numa;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class CpuListTest {
    @Test
    void shouldReadRangesAndSingleNumbers() {
        assertEquals(List.of(0, 1, 2, 3, 8, 10, 11), List.copyOf(CpuList.parse(" 0-3,8,10-11\n")));
    }

    @Test
    void shouldTakeTheEmptyTextForTheEmptySet() {
        assertEquals(List.of(), List.copyOf(CpuList.parse("\n")));
    }

    @Test
    void shouldRefuseWhatIsNoList() {
        assertThrows(NumberFormatException.class, () -> CpuList.parse("0-x"));
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "0", "0-1", "0,2", "0-3,8,10-11", "5-7,100"})
    void shouldWriteWhatItReads(String text) {
        assertEquals(text, CpuList.format(CpuList.parse(text)));
    }
}
