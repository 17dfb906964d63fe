package io.marchproxy.l3l4.engine.tcp;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.UnpooledByteBufAllocator;
import org.junit.jupiter.api.Test;

/** What a socket's next bytes are read into. */
class ReadGateTest {
    private final ReadGate gate = new ReadGate(256 * 1024);

    @Test
    void shouldOfferNoRoomWhileClosedAndRememberTheKnock() {
        assertEquals(0, offered());
        gate.lastBytesRead(-1);
        assertFalse(gate.ended(), "a read without room brings nothing, which is no end");
        assertEquals(0, gate.lastBytesRead());
        assertTrue(gate.takeKnock());
        assertFalse(gate.takeKnock());
    }

    @Test
    void shouldKeepTheEndToItself() {
        gate.open();
        offered();
        gate.lastBytesRead(-1);
        assertTrue(gate.ended());
        assertEquals(0, gate.lastBytesRead(), "the transport is told that nothing came");
        assertEquals(0, offered());
    }

    @Test
    void shouldNotTakeAReadForTheEndThatBeganBeforeTheGateOpened() {
        offered();
        gate.open();
        gate.lastBytesRead(-1);
        assertFalse(gate.ended());
    }

    @Test
    void shouldGrowWithFullReadsAndShrinkWithSmallOnes() {
        gate.open();
        assertEquals(ReadGate.SMALLEST_BYTES, offered());
        read(ReadGate.SMALLEST_BYTES);
        assertTrue(offered() > ReadGate.SMALLEST_BYTES);
        for (int i = 0; i < 8; i++) {
            read(offered());
        }
        assertEquals(ReadGate.LARGEST_BYTES, offered());
        for (int i = 0; i < 20; i++) {
            offered();
            read(10);
        }
        assertEquals(ReadGate.SMALLEST_BYTES, offered());
    }

    @Test
    void shouldNotOfferMoreThanTheConnectionMayHold() {
        ReadGate small = new ReadGate(10_000);
        small.open();
        for (int i = 0; i < 8; i++) {
            small.lastBytesRead(offered(small));
        }
        assertEquals(8192, offered(small));
    }

    @Test
    void shouldLetOtherSocketsHaveTheirTurn() {
        gate.open();
        gate.reset(null);
        int reads = 0;
        do {
            int bytes = offered();
            gate.attemptedBytesRead(bytes);
            gate.lastBytesRead(bytes);
            gate.incMessagesRead(1);
            reads++;
        } while (gate.continueReading());
        assertEquals(4, reads);
    }

    private void read(int bytes) {
        gate.lastBytesRead(bytes);
    }

    private int offered() {
        return offered(gate);
    }

    private static int offered(ReadGate from) {
        ByteBuf buffer = from.allocate(UnpooledByteBufAllocator.DEFAULT);
        int room = buffer.writableBytes();
        buffer.release();
        return room;
    }
}
