package io.marchproxy.l3l4.engine.testing;

import static org.junit.platform.commons.support.AnnotationSupport.findAnnotation;

import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.extension.ConditionEvaluationResult;
import org.junit.jupiter.api.extension.ExecutionCondition;
import org.junit.jupiter.api.extension.ExtensionContext;
import org.opentest4j.AssertionFailedError;

/** Decides for {@link RequiresProgram}, {@link RequiresRoot} and {@link RequiresNetNs}: run, skip by name, or fail under CI. */
final class MachineCondition implements ExecutionCondition {

    @Override
    public ConditionEvaluationResult evaluateExecutionCondition(ExtensionContext context) {
        List<String> missing = new ArrayList<>();
        findAnnotation(context.getElement(), RequiresProgram.class).ifPresent(required -> {
            for (String program : required.value()) {
                if (!Machine.hasProgram(program)) {
                    missing.add("the program " + program + " (see .ci/packages)");
                }
            }
        });
        if (findAnnotation(context.getElement(), RequiresRoot.class).isPresent() && !Machine.isRoot()) {
            missing.add("root");
        }
        if (findAnnotation(context.getElement(), RequiresNetNs.class).isPresent() && !Machine.canMakeNamespaces()) {
            missing.add("a network namespace (root and iproute2)");
        }
        if (missing.isEmpty()) {
            return ConditionEvaluationResult.enabled("the machine has what it takes");
        }
        String reason = context.getDisplayName() + " needs " + String.join(", ", missing);
        if (Boolean.parseBoolean(System.getenv("CI"))) {
            throw new AssertionFailedError(reason + "; under CI that is a failure");
        }
        return ConditionEvaluationResult.disabled(reason);
    }
}
