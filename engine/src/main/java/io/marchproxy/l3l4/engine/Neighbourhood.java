package io.marchproxy.l3l4.engine;

import io.marchproxy.l3l4.config.settings.EngineSettings;
import io.marchproxy.l3l4.config.settings.EngineSettings.IrqAffinity;
import io.marchproxy.l3l4.engine.numa.Interrupts;
import io.marchproxy.l3l4.engine.numa.Interrupts.Move;
import io.marchproxy.l3l4.engine.numa.Steering;
import java.util.List;
import java.util.stream.Collectors;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * What brings traffic near to the shards that handle it, when placement by node is asked for: connections to shards of the
 * node that they came in on, interrupts to CPUs of shards.
 *
 * @param advice commands that would move interrupts which were not moved
 */
record Neighbourhood(Steering steering, List<String> advice) {
    private static final Logger LOG = LoggerFactory.getLogger(Neighbourhood.class);

    /** Arranges it, as far as the settings say so and the kernel lets it. */
    static Neighbourhood of(Placement placement) {
        Steering steering = Steering.among(placement.plan().seats(), placement.topology());
        EngineSettings settings = placement.settings();
        List<Move> left = settings.numa()
                ? arrange(new Interrupts(), placement, settings.irqAffinity() == IrqAffinity.APPLY)
                : List.of();
        return new Neighbourhood(steering, left.stream().map(Move::command).toList());
    }

    private static List<Move> arrange(Interrupts interrupts, Placement placement, boolean apply) {
        List<Move> moves = interrupts.moves(placement.plan().seats());
        List<Move> left = apply ? interrupts.apply(moves) : moves;
        if (apply && moves.size() > left.size()) {
            LOG.info(
                    "engine.irq-affinity: {} of {} network interrupts were sent to the shards' CPUs",
                    moves.size() - left.size(),
                    moves.size());
        }
        if (!left.isEmpty()) {
            String why = apply ? "may not be moved by this process" : "stay where they are (apply would move them)";
            LOG.warn(
                    "engine.irq-affinity: {} network interrupts {}; best would be, irq to CPU: {}",
                    left.size(),
                    why,
                    text(left));
        }
        return left;
    }

    private static String text(List<Move> moves) {
        return moves.stream()
                .map(move -> move.device() + " " + move.irq() + " to " + move.cpu())
                .collect(Collectors.joining(", "));
    }
}
