package io.marchproxy.l3l4.stages.shape;

import java.math.BigInteger;
import org.jspecify.annotations.Nullable;

/** Controlled delay as section 5 of RFC 8289 has it, in its names and with numbers that can't overflow, asked packet by packet. */
final class ReferenceCodel {
    private static final int MAXPACKET = 1_514;

    private @Nullable BigInteger firstAboveTime;
    private BigInteger dropNext = BigInteger.ZERO;
    private BigInteger count = BigInteger.ZERO;
    private BigInteger lastcount = BigInteger.ZERO;
    private boolean dropping;

    boolean drops(long nowNs, long sojournNs, long bytes, CodelSettings settings) {
        BigInteger now = BigInteger.valueOf(nowNs);
        BigInteger interval = BigInteger.valueOf(settings.intervalNs());
        boolean okToDrop = false;
        if (sojournNs < settings.targetNs() || bytes <= MAXPACKET) {
            firstAboveTime = null;
        } else if (firstAboveTime == null) {
            firstAboveTime = now.add(interval);
        } else {
            okToDrop = now.compareTo(firstAboveTime) >= 0;
        }
        if (!okToDrop) {
            dropping = false;
            return false;
        }
        if (dropping) {
            if (now.compareTo(dropNext) < 0) {
                return false;
            }
            count = count.add(BigInteger.ONE);
            dropNext = controlLaw(dropNext, interval);
            return true;
        }
        dropping = true;
        BigInteger delta = count.subtract(lastcount);
        boolean recently = now.subtract(dropNext).compareTo(interval.shiftLeft(4)) < 0;
        count = delta.compareTo(BigInteger.ONE) > 0 && recently ? delta : BigInteger.ONE;
        dropNext = controlLaw(now, interval);
        lastcount = count;
        return true;
    }

    private BigInteger controlLaw(BigInteger t, BigInteger interval) {
        return t.add(interval.pow(2).divide(count).sqrt());
    }
}
