package io.marchproxy.l3l4.engine.sys;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;

/** Memory that is read at random places for as long as anybody has it, and is unmapped by the collector afterwards. */
public final class CollectedMemory {
    private static final int LINE_BYTES = 64;

    private CollectedMemory() {}

    /** So many bytes, zeroed, aligned to a cache line: in huge pages where there are any and it is worth it. */
    @SuppressWarnings("restricted") // the size is the mapping's own
    public static MemorySegment allocate(long bytes) {
        long huge = AnonymousMemory.HUGE_PAGE_BYTES;
        if (bytes < huge) {
            return Arena.ofAuto().allocate(bytes, LINE_BYTES);
        }
        long whole = (bytes + huge - 1) & -huge;
        AnonymousMemory memory = new AnonymousMemory(whole + huge);
        long address = (memory.address() + huge - 1) & -huge;
        AnonymousMemory.adviseHugePages(address, whole);
        return MemorySegment.ofAddress(address).reinterpret(bytes, Arena.ofAuto(), ended -> memory.close());
    }
}
