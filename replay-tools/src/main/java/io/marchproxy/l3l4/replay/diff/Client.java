package io.marchproxy.l3l4.replay.diff;

import io.marchproxy.l3l4.config.value.AddressText;

/** A client address's part. */
public final class Client {
    private static final int DIGITS = 1;

    /** What tells clients apart; ports don't. */
    record Key(int ipVersion, long high, long low) {}

    /** What became of a client's packets under one configuration. */
    static final class Side {
        long packets;
        long bytes;
        long dropped;
        final Bill bill = new Bill();
        final Delays delays = new Delays(DIGITS);

        void count(Ticket ticket, Fate fate) {
            bill.add(ticket.bytes, fate.costPerGb);
            if (fate.isForwarded() && ticket.isData) {
                packets += ticket.packets;
                bytes += ticket.bytes;
                delays.add(fate.releaseNs - ticket.arrivalNs, ticket.packets);
            } else if (fate.isDropped()) {
                dropped += ticket.packets;
            }
        }
    }

    private final Key key;
    final Side before = new Side();
    final Side after = new Side();
    long decisions;
    long changed;

    Client(Key key) {
        this.key = key;
    }

    boolean isOthers() {
        return key.ipVersion() == 0;
    }

    String label() {
        if (isOthers()) {
            return "(others)";
        }
        return AddressText.of(key.ipVersion(), key.high(), key.low());
    }
}
