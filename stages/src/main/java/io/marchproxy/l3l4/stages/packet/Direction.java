package io.marchproxy.l3l4.stages.packet;

/** Which way a packet goes through the proxy. */
public enum Direction {
    TO_BACKEND,
    TO_CLIENT;

    private static final Direction[] VALUES = values();

    /** The direction with this ordinal, without the copy that {@code values()} makes. */
    public static Direction of(int ordinal) {
        return VALUES[ordinal];
    }

    /** The other way. */
    public Direction opposite() {
        return this == TO_BACKEND ? TO_CLIENT : TO_BACKEND;
    }
}
