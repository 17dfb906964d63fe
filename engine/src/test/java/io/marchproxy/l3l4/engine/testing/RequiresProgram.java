package io.marchproxy.l3l4.engine.testing;

import java.lang.annotation.ElementType;
import java.lang.annotation.Retention;
import java.lang.annotation.RetentionPolicy;
import java.lang.annotation.Target;
import org.junit.jupiter.api.extension.ExtendWith;

/** Skips the test, naming what is missing, where these programs are not installed; under {@code CI=true} it fails instead. */
@Target({ElementType.TYPE, ElementType.METHOD})
@Retention(RetentionPolicy.RUNTIME)
@ExtendWith(MachineCondition.class)
public @interface RequiresProgram {
    /** Programs looked up on the PATH and in the sbin folders. */
    String[] value();
}
