package io.marchproxy.l3l4.stages.pipeline;

import io.marchproxy.l3l4.stages.classify.ClassifySettings;
import io.marchproxy.l3l4.stages.mark.MarkSettings;
import io.marchproxy.l3l4.stages.route.RouteSettings;
import io.marchproxy.l3l4.stages.shape.ShapeSettings;

/**
 * One immutable snapshot of everything that the stages may be told. It enters a shard as a CONFIG event.
 *
 * @param version counts up with every snapshot of a process, from 1
 * @param hash of the configuration that it was made from, in hex
 * @param names what its numbers stand for; of no influence on any decision
 */
public record PipelineSettings(
        long version,
        String hash,
        ClassifySettings classify,
        ShapeSettings shape,
        MarkSettings mark,
        RouteSettings route,
        Names names) {
    /** A snapshot whose numbers have no names. */
    public PipelineSettings(
            long version,
            String hash,
            ClassifySettings classify,
            ShapeSettings shape,
            MarkSettings mark,
            RouteSettings route) {
        this(version, hash, classify, shape, mark, route, Names.NONE);
    }

    public PipelineSettings {
        if (classify.services().size() != route.pools().size()) {
            throw new IllegalArgumentException(classify.services().size() + " services have "
                    + route.pools().size() + " pools of backends; each has its own, under the same number");
        }
    }

    /** The same without any rate: what waits for one leaves. */
    public PipelineSettings unshaped() {
        return new PipelineSettings(version, hash, classify, shape.unlimited(), mark, route, names);
    }
}
