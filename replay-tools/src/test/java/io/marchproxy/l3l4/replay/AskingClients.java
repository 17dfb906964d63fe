package io.marchproxy.l3l4.replay;

import java.io.IOException;
import java.net.DatagramPacket;
import java.net.DatagramSocket;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.LockSupport;

/** Clients of one service that ask at a steady pace whatever becomes of it: by a connection for each byte, and by short UDP sessions. */
final class AskingClients implements AutoCloseable {
    private static final long PAUSE_NS = TimeUnit.MILLISECONDS.toNanos(20);
    private static final int PATIENCE_MS = 1_000;

    /** A session stays where it is: whoever wants to see where new ones go needs new ones. */
    private static final int DATAGRAMS = 8;

    private final String service;
    private final InetSocketAddress proxy;
    private final AtomicInteger answers = new AtomicInteger();
    private final AtomicInteger datagrams = new AtomicInteger();
    private volatile boolean running = true;

    AskingClients(String service, int port) {
        this.service = service;
        proxy = new InetSocketAddress(InetAddress.getLoopbackAddress(), port);
        Thread.ofPlatform().daemon().start(this::ask);
        Thread.ofPlatform().daemon().start(this::send);
    }

    /** How often it was served over each protocol, since it was counted anew; that over which it was less often. */
    int served() {
        return Math.min(answers.get(), datagrams.get());
    }

    void countAnew() {
        answers.set(0);
        datagrams.set(0);
    }

    private void ask() {
        byte number = 0;
        while (running) {
            byte next = number++;
            Thread.ofVirtual().start(() -> askOnce(next));
            LockSupport.parkNanos(PAUSE_NS);
        }
    }

    private void askOnce(byte number) {
        try (Socket socket = new Socket()) {
            socket.setSoTimeout(PATIENCE_MS);
            socket.connect(proxy, PATIENCE_MS);
            socket.getOutputStream().write(number);
            byte[] answer = socket.getInputStream().readNBytes(2);
            if (answer.length == 2 && answer[1] == number) {
                answers.incrementAndGet();
            }
        } catch (IOException _) {
            // Its backend fails: what the scene is about.
        }
    }

    private void send() {
        while (running) {
            try {
                DatagramSocket session = new DatagramSocket();
                session.connect(proxy);
                session.setSoTimeout(PATIENCE_MS);
                AtomicInteger last = new AtomicInteger();
                Thread.ofVirtual().start(() -> receive(session, last));
                for (int i = 1; i <= DATAGRAMS && running; i++) {
                    last.set(i);
                    session.send(new DatagramPacket(new byte[] {0, (byte) i}, 2));
                    LockSupport.parkNanos(PAUSE_NS);
                }
            } catch (IOException _) {
                // ICMP told of an earlier datagram.
            }
        }
    }

    /**
     * Until nothing has come for a while: then the session is over, or its backend fails. Counted is who answers what was sent last: several that
     * come late together are one answer to whoever counts what a backend answers as a rule.
     */
    private void receive(DatagramSocket session, AtomicInteger last) {
        DatagramPacket answer = new DatagramPacket(new byte[64], 64);
        try (session) {
            while (running) {
                session.receive(answer);
                if (answer.getData()[1] == last.get()) {
                    datagrams.incrementAndGet();
                }
            }
        } catch (IOException _) {
            // Nothing comes any more.
        }
    }

    @Override
    public void close() {
        running = false;
    }

    @Override
    public String toString() {
        return service + " (" + answers + " answers, " + datagrams + " datagrams)";
    }
}
