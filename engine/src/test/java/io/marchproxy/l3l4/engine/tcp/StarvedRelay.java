package io.marchproxy.l3l4.engine.tcp;

import io.marchproxy.l3l4.engine.transport.TransportKind;
import java.io.BufferedReader;
import java.io.FileInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;

/**
 * A relay in a process of its own that can be left without file descriptors: the test's commands come in by standard input,
 * the answers go out by standard output.
 */
final class StarvedRelay {
    private StarvedRelay() {}

    /**
     * Runs the relay.
     *
     * @param args transport and the backend's port
     */
    public static void main(String[] args) throws Exception {
        Placed placed = new Placed(TransportKind.valueOf(args[0]), false);
        List<InputStream> taken = new ArrayList<>();
        try (TcpRig rig = new TcpRig(
                        placed, TcpRig.service(Integer.parseInt(args[1])).build());
                BufferedReader commands =
                        new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8))) {
            answer(rig.address().getPort());
            // Everything that the answers need is loaded before there is no descriptor left to load it with.
            obey("cpu", rig, taken);
            obey("pauses", rig, taken);
            for (String command = commands.readLine(); command != null; command = commands.readLine()) {
                answer(obey(command, rig, taken));
            }
        }
    }

    private static long obey(String command, TcpRig rig, List<InputStream> taken) throws IOException {
        switch (command) {
            case "take" -> takeAll(taken);
            case "give" -> {
                for (InputStream one : taken) {
                    one.close();
                }
                taken.clear();
            }
            case "cpu" -> {
                return TcpRig.cpuNs();
            }
            case "pauses" -> {
                return rig.relay().acceptPauses("web");
            }
            case "live" -> {
                return rig.relay().live(0);
            }
            default -> throw new IllegalArgumentException(command);
        }
        return 0;
    }

    private static void takeAll(List<InputStream> taken) {
        try {
            while (true) {
                taken.add(new FileInputStream("/dev/null"));
            }
        } catch (IOException e) {
            // that was the last one
        }
    }

    private static void answer(long value) {
        System.out.println("answer " + value);
        System.out.flush();
    }
}
