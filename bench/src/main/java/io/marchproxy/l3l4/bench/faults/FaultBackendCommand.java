package io.marchproxy.l3l4.bench.faults;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.io.PrintWriter;
import java.net.DatagramPacket;
import java.net.DatagramSocket;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.concurrent.Callable;
import java.util.concurrent.TimeUnit;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/**
 * {@code bench faults-backend}: a backend of {@code bench faults}, in a process of its own. Answers a line of TCP, and a
 * datagram, with its name and what came. Takes commands from standard input, and ends with it.
 *
 * <pre>
 * listen PORT           TCP and UDP, from now on
 * mode normal|resetting|slow
 * </pre>
 */
@Command(name = FaultBackendCommand.NAME, hidden = true, description = "A backend of faults; it starts this itself.")
public final class FaultBackendCommand implements Callable<Integer> {
    /** How the command is called. */
    public static final String NAME = "faults-backend";

    private static final int BACKLOG = 4096;
    private static final int LONGEST = 512;
    private static final long SLOW_MS = 1_000;

    private enum Mode {
        NORMAL,
        RESETTING,
        SLOW
    }

    @Spec
    private CommandSpec spec;

    @Parameters(paramLabel = "NAME", description = "What it answers with.")
    private String name = "";

    private volatile Mode mode = Mode.NORMAL;

    @Override
    public Integer call() throws IOException {
        PrintWriter out = spec.commandLine().getOut();
        BufferedReader in = new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
        say(out, "ready");
        for (String line = in.readLine(); line != null; line = in.readLine()) {
            String[] words = line.split(" ");
            if (words[0].equals("listen")) {
                listen(Integer.parseInt(words[1]));
            } else {
                mode = Mode.valueOf(words[1]);
            }
            say(out, "done");
        }
        return 0;
    }

    private static void say(PrintWriter out, String word) {
        out.println(word);
        out.flush();
    }

    private void listen(int port) throws IOException {
        InetAddress loopback = InetAddress.ofLiteral("127.0.0.1");
        ServerSocket streams = new ServerSocket(port, BACKLOG, loopback);
        DatagramSocket datagrams = new DatagramSocket(port, loopback);
        Thread.ofPlatform().daemon().start(() -> accept(streams));
        Thread.ofPlatform().daemon().start(() -> echo(datagrams));
    }

    private void accept(ServerSocket listener) {
        try {
            while (true) {
                Socket client = listener.accept();
                Thread.startVirtualThread(() -> serve(client));
            }
        } catch (IOException e) {
            throw new IllegalStateException(e);
        }
    }

    private void serve(Socket client) {
        try (client) {
            byte[] request = line(client.getInputStream());
            if (request.length == 0) {
                return;
            }
            if (mode == Mode.RESETTING) {
                client.setSoLinger(true, 0);
                return;
            }
            delay();
            client.getOutputStream().write(answer(request, request.length));
        } catch (IOException _) {
            // The client has given up.
        }
    }

    private static byte[] line(InputStream in) throws IOException {
        byte[] bytes = new byte[LONGEST];
        int length = 0;
        while (length < LONGEST) {
            int next = in.read();
            if (next < 0) {
                return new byte[0];
            }
            bytes[length++] = (byte) next;
            if (next == '\n') {
                break;
            }
        }
        return Arrays.copyOf(bytes, length);
    }

    private void echo(DatagramSocket socket) {
        try {
            DatagramPacket packet = new DatagramPacket(new byte[LONGEST], LONGEST);
            while (true) {
                packet.setLength(LONGEST);
                socket.receive(packet);
                byte[] answer = answer(packet.getData(), packet.getLength());
                socket.send(new DatagramPacket(answer, answer.length, packet.getSocketAddress()));
            }
        } catch (IOException e) {
            throw new IllegalStateException(e);
        }
    }

    private byte[] answer(byte[] request, int length) {
        return (name + ":" + new String(request, 0, length, StandardCharsets.US_ASCII))
                .getBytes(StandardCharsets.US_ASCII);
    }

    private void delay() {
        if (mode == Mode.SLOW) {
            try {
                TimeUnit.MILLISECONDS.sleep(SLOW_MS);
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
            }
        }
    }
}
