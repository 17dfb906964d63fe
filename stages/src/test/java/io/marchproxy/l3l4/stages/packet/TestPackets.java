package io.marchproxy.l3l4.stages.packet;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.HexFormat;

/** Descriptors and packets for tests. */
public final class TestPackets {
    private TestPackets() {}

    /** A descriptor of its own memory, which lives as long as the test's process. */
    public static PacketDescriptor descriptor() {
        return new DescriptorSlab(Arena.global().allocate(DescriptorLayout.SIZE, DescriptorLayout.SIZE)).view(0);
    }

    /** IPv4 address as the descriptor holds it. */
    public static long ipv4(int a, int b, int c, int d) {
        return ((long) a << 24) | ((long) b << 16) | ((long) c << 8) | d;
    }

    /** Puts bytes, written in hex with any white space, into memory of their own. */
    public static MemorySegment bytes(String hex) {
        return bytes(HexFormat.of().parseHex(hex.replaceAll("\\s", "")));
    }

    public static MemorySegment bytes(byte[] content) {
        MemorySegment memory = Arena.ofAuto().allocate(Math.max(content.length, 1));
        MemorySegment.copy(content, 0, memory, ValueLayout.JAVA_BYTE, 0, content.length);
        return memory;
    }

    /** The bytes at an address, in hex. */
    public static String hex(long address, int length) {
        byte[] content = new byte[length];
        for (int i = 0; i < length; i++) {
            content[i] = Memory.getByte(address + i);
        }
        return HexFormat.of().formatHex(content);
    }
}
