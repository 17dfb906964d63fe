package io.marchproxy.l3l4.stages.shape;

import io.marchproxy.l3l4.stages.packet.Direction;
import io.marchproxy.l3l4.stages.packet.PacketDescriptor;
import io.marchproxy.l3l4.stages.packet.SingleWriter;
import io.marchproxy.l3l4.stages.pipeline.StateReader;
import io.marchproxy.l3l4.stages.pipeline.StateWriter;
import io.marchproxy.l3l4.stages.pipeline.Verdict;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.util.Arrays;
import java.util.Collections;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Objects;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * The policers of rules: an alternative to having packets wait. What exceeds a rate is dropped or leaves with another code point; what
 * passes goes on into the shaper, whose limits hold for it as for any. A policer is its rule's over reloads, with what was earned
 * and counted. Written by the pipeline's thread.
 */
final class Policing extends SingleWriter implements Policed {
    private static final int DIRECTIONS = 2;
    private static final VarHandle POLICERS = policersHandle();

    /** By number and direction; replaced with release, others than the pipeline's thread read it with acquire. */
    private @Nullable Policer[] policers = {};

    /** By what descriptors have for a rule, and by direction; nothing past the last rule that polices. */
    private @Nullable Policer[] ofRules = {};

    /** Takes over a snapshot. */
    void apply(ShapeSettings settings, long nowNs) {
        int numbers = 0;
        int rules = 0;
        for (PoliceSettings one : settings.policing()) {
            numbers = Math.max(numbers, one.number() + 1);
            rules = Math.max(rules, one.place() + 2);
        }
        @Nullable Policer[] next = Arrays.copyOf(policers, Math.max(policers.length, numbers * DIRECTIONS));
        @Nullable Policer[] nextOfRules = new @Nullable Policer[rules * DIRECTIONS];
        for (PoliceSettings one : settings.policing()) {
            for (int direction = 0; direction < DIRECTIONS; direction++) {
                int index = one.number() * DIRECTIONS + direction;
                Policer policer = next[index];
                if (policer == null) {
                    policer = new Policer(one, settings.shards(), nowNs);
                    next[index] = policer;
                } else {
                    policer.set(one, settings.shards(), nowNs);
                }
                nextOfRules[(one.place() + 1) * DIRECTIONS + direction] = policer;
            }
        }
        Set<@Nullable Policer> staying = Collections.newSetFromMap(new IdentityHashMap<>());
        Collections.addAll(staying, nextOfRules);
        for (Policer before : ofRules) {
            if (before != null && !staying.contains(before)) {
                before.retire();
            }
        }
        ofRules = nextOfRules;
        POLICERS.setRelease(this, next);
    }

    /** Takes over this shard's share of what a policer lets pass; of one that is not known, nothing. */
    void share(Direction direction, int number, int share, long nowNs) {
        Policer policer = policer(policers, number, direction);
        if (policer != null && policer.isInForce()) {
            policer.share(share, nowNs);
        }
    }

    /** Whether {@link #process} has to do with a packet: it brings bytes, and its rule may police. */
    boolean isOf(PacketDescriptor packet) {
        return ofRules.length != 0 && packet.isData() && packet.rule() * DIRECTIONS < ofRules.length;
    }

    /** Lets a packet go on, perhaps with another code point, or drops it. */
    Verdict process(PacketDescriptor packet, long nowNs) {
        Policer policer = ofRules[packet.rule() * DIRECTIONS + (packet.isToBackend() ? 0 : 1)];
        return policer == null ? Verdict.CONTINUE : policer.process(packet, nowNs);
    }

    @Override
    public long packets(int number, Direction direction, Color color) {
        Policer policer = policer((@Nullable Policer[]) POLICERS.getAcquire(this), number, direction);
        return policer == null ? 0 : policer.packets(color);
    }

    @Override
    public long bytes(int number, Direction direction, Color color) {
        Policer policer = policer((@Nullable Policer[]) POLICERS.getAcquire(this), number, direction);
        return policer == null ? 0 : policer.bytes(color);
    }

    private static @Nullable Policer policer(@Nullable Policer[] all, int number, Direction direction) {
        int index = number * DIRECTIONS + direction.ordinal();
        return index < all.length ? all[index] : null;
    }

    /** Writes what later decisions depend on. One that no rule has now is begun anew when a rule has it again. */
    void save(StateWriter to) {
        List<Policer> inForce = inForce();
        to.number(inForce.size());
        for (Policer policer : inForce) {
            policer.save(to);
        }
    }

    /** Takes over what was saved. */
    void restore(StateReader from) {
        List<Policer> inForce = inForce();
        from.number(inForce.size(), inForce.size());
        for (Policer policer : inForce) {
            policer.restore(from);
        }
    }

    /** Those that a rule has, in the order of rules. */
    private List<Policer> inForce() {
        return Arrays.stream(ofRules).filter(Objects::nonNull).toList();
    }

    private static VarHandle policersHandle() {
        try {
            return MethodHandles.lookup().findVarHandle(Policing.class, "policers", Policer[].class);
        } catch (ReflectiveOperationException e) {
            throw new ExceptionInInitializerError(e);
        }
    }
}
