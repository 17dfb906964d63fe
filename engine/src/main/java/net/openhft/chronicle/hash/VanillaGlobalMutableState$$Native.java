package net.openhft.chronicle.hash;

import net.openhft.chronicle.bytes.BytesStore;

/**
 * What Chronicle Map 2026.1 keeps of the whole map at its file's begin. Chronicle looks for a class of this name, and when there is
 * none writes its source and has javac compile it: at every start, for more than a second, with a compiler in the service. A test
 * compares this with what Chronicle would write.
 *
 * <pre>
 *  0| bulks of extra tiers, 3 bytes | 3| first free tier, 5 bytes | 8| extra tiers in use, 5 bytes
 * 13| where the segments' headers are, 4 bytes | 17| size of the data, 8 bytes
 * </pre>
 */
@SuppressWarnings("rawtypes") // as the interface has it
public final class VanillaGlobalMutableState$$Native implements VanillaGlobalMutableState {
    private static final int SIZE = 25;
    private static final int BULKS = 0;
    private static final int FIRST_FREE_TIER = 3;
    private static final int TIERS_IN_USE = 8;
    private static final int HEADERS = 13;
    private static final int DATA_SIZE = 17;
    private static final long UNSIGNED_24 = (1L << 24) - 1;
    private static final long UNSIGNED_32 = (1L << 32) - 1;
    private static final long UNSIGNED_40 = (1L << 40) - 1;

    private BytesStore store = BytesStore.empty();
    private long offset;

    @Override
    public int getAllocatedExtraTierBulks() {
        return store.readInt(offset + BULKS) & (int) UNSIGNED_24;
    }

    @Override
    public void setAllocatedExtraTierBulks(int value) {
        require(value, UNSIGNED_24);
        int others = store.readInt(offset + BULKS) & (int) ~UNSIGNED_24;
        store.writeInt(offset + BULKS, others | value);
    }

    @Override
    public long getFirstFreeTierIndex() {
        return store.readLong(offset + FIRST_FREE_TIER) & UNSIGNED_40;
    }

    @Override
    public void setFirstFreeTierIndex(long value) {
        write40(FIRST_FREE_TIER, value);
    }

    @Override
    public long getExtraTiersInUse() {
        return store.readLong(offset + TIERS_IN_USE) & UNSIGNED_40;
    }

    @Override
    public void setExtraTiersInUse(long value) {
        write40(TIERS_IN_USE, value);
    }

    private void write40(int at, long value) {
        require(value, UNSIGNED_40);
        store.writeLong(offset + at, (store.readLong(offset + at) & ~UNSIGNED_40) | value);
    }

    @Override
    public long getSegmentHeadersOffset() {
        return Integer.toUnsignedLong(store.readInt(offset + HEADERS));
    }

    @Override
    public void setSegmentHeadersOffset(long value) {
        require(value, UNSIGNED_32);
        store.writeInt(offset + HEADERS, (int) value);
    }

    @Override
    public long getDataStoreSize() {
        return store.readLong(offset + DATA_SIZE);
    }

    @Override
    public void setDataStoreSize(long value) {
        require(value, Long.MAX_VALUE);
        store.writeLong(offset + DATA_SIZE, value);
    }

    @Override
    public long addDataStoreSize(long addition) {
        long sum = getDataStoreSize() + addition;
        if (sum < 0) {
            throw new IllegalStateException("a data store of " + sum + " bytes");
        }
        setDataStoreSize(sum);
        return sum;
    }

    private static void require(long value, long most) {
        if (value < 0 || value > most) {
            throw new IllegalArgumentException(value + " is not from 0 to " + most);
        }
    }

    @Override
    public void bytesStore(BytesStore bytesStore, long at, long length) {
        if (length != SIZE || at + length > bytesStore.capacity()) {
            throw new IllegalArgumentException(length + " bytes at " + at);
        }
        store = bytesStore;
        offset = at;
    }

    @Override
    public BytesStore bytesStore() {
        return store;
    }

    @Override
    public long offset() {
        return offset;
    }

    @Override
    public long maxSize() {
        return SIZE;
    }
}
