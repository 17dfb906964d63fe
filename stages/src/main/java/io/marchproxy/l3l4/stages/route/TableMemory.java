package io.marchproxy.l3l4.stages.route;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;

/** Where a table's memory comes from. It goes when nobody has the segment any more. */
@FunctionalInterface
public interface TableMemory {
    /** Memory as any other. */
    TableMemory PLAIN = bytes -> Arena.ofAuto().allocate(bytes, TableMemory.LINE_BYTES);

    /** To which it is aligned at least. */
    int LINE_BYTES = 64;

    /** So many bytes. */
    MemorySegment allocate(long bytes);
}
