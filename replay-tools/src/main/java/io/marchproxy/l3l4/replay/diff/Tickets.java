package io.marchproxy.l3l4.replay.diff;

import java.util.ArrayDeque;
import org.jspecify.annotations.Nullable;

/** Tickets, reused; and those that wait for a queue to let their packet go. */
public final class Tickets {
    private final ArrayDeque<Ticket> free = new ArrayDeque<>();
    private @Nullable Ticket first;
    private int waiting;

    Tickets() {}

    /** A ticket to {@link Ticket#begin}. */
    public Ticket take() {
        Ticket ticket = free.poll();
        return ticket == null ? new Ticket() : ticket;
    }

    /** Keeps a ticket until both pipelines have decided. */
    public void keep(Ticket ticket) {
        ticket.previous = null;
        ticket.next = first;
        if (first != null) {
            first.previous = ticket;
        }
        first = ticket;
        waiting++;
    }

    /** Takes a ticket that was kept out again. */
    public void release(Ticket ticket) {
        Ticket before = ticket.previous;
        Ticket after = ticket.next;
        if (before == null) {
            first = after;
        } else {
            before.next = after;
        }
        if (after != null) {
            after.previous = before;
        }
        ticket.previous = null;
        ticket.next = null;
        waiting--;
    }

    /** One that waits, or null when none does. */
    public @Nullable Ticket anyWaiting() {
        return first;
    }

    /** How many wait. */
    public int waiting() {
        return waiting;
    }

    void giveBack(Ticket ticket) {
        ticket.client = null;
        free.push(ticket);
    }
}
