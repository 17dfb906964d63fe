package io.marchproxy.l3l4.bench;

import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import com.tngtech.archunit.core.importer.ImportOption;
import com.tngtech.archunit.lang.ArchRule;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Who may know whom, as DESIGN.md draws it. It stands here because only bench has every module on its class path. */
class ModuleBordersTest {

    private static final String ROOT = "io.marchproxy.l3l4.";
    private static final String STAGES = ROOT + "stages..";
    private static final String CONFIG = ROOT + "config..";
    private static final String ENGINE = ROOT + "engine..";
    private static final String REPLAY = ROOT + "replay..";
    private static final String BENCH = ROOT + "bench..";

    private static JavaClasses classes;

    @BeforeAll
    static void importEveryModule() {
        classes = new ClassFileImporter()
                .withImportOption(new ImportOption.DoNotIncludeTests())
                .importPackages("io.marchproxy.l3l4");
    }

    @ParameterizedTest
    @ValueSource(strings = {"stages", "config", "engine", "replay", "bench"})
    void shouldSeeEveryModule(String module) {
        assertTrue(
                classes.containPackage(ROOT + module),
                module + " is not on the class path: its rules would pass unseen");
    }

    @Test
    void shouldKeepStagesFreeOfEveryOtherModule() {
        check(noClasses()
                .that()
                .resideInAPackage(STAGES)
                .should()
                .dependOnClassesThat()
                .resideInAnyPackage(CONFIG, ENGINE, REPLAY, BENCH));
    }

    @Test
    void shouldKeepStagesFreeOfTheMachineryAroundThem() {
        check(noClasses()
                .that()
                .resideInAPackage(STAGES)
                .should()
                .dependOnClassesThat()
                .resideInAnyPackage(
                        "com.lmax..",
                        "net.openhft..",
                        "io.netty..",
                        "io.opentelemetry..",
                        "org.slf4j..",
                        "java.io..",
                        "java.nio.file..",
                        "java.nio.channels..",
                        "java.net..",
                        "java.time..",
                        "java.util.concurrent..",
                        "java.util.random.."));
    }

    @Test
    void shouldKeepThreadsAndRandomnessOutOfStages() {
        check(noClasses()
                .that()
                .resideInAPackage(STAGES)
                .should()
                .dependOnClassesThat()
                .haveFullyQualifiedName("java.lang.Thread")
                .orShould()
                .dependOnClassesThat()
                .haveFullyQualifiedName("java.util.Random")
                .orShould()
                .dependOnClassesThat()
                .haveFullyQualifiedName("java.util.Timer")
                .orShould()
                .callMethod(Math.class, "random"));
    }

    @Test
    void shouldKeepTheClockOutOfStages() {
        check(noClasses()
                .that()
                .resideInAPackage(STAGES)
                .should()
                .callMethod(System.class, "nanoTime")
                .orShould()
                .callMethod(System.class, "currentTimeMillis"));
    }

    /** Raw memory has one door, so that what is done through it can be seen in one place, and replaced there. */
    @Test
    void shouldKeepUnsafeToOneClass() {
        check(noClasses()
                .that()
                .doNotHaveFullyQualifiedName("io.marchproxy.l3l4.stages.packet.Memory")
                .should()
                .dependOnClassesThat()
                .haveFullyQualifiedName("sun.misc.Unsafe"));
    }

    @Test
    void shouldKeepConfigIgnorantOfARunningShard() {
        check(noClasses()
                .that()
                .resideInAPackage(CONFIG)
                .should()
                .dependOnClassesThat()
                .resideInAnyPackage(STAGES, ENGINE, REPLAY, BENCH, "com.lmax..", "net.openhft..", "io.netty.."));
    }

    @Test
    void shouldKeepEngineIgnorantOfTheToolsAboveIt() {
        check(noClasses()
                .that()
                .resideInAPackage(ENGINE)
                .should()
                .dependOnClassesThat()
                .resideInAnyPackage(REPLAY, BENCH));
    }

    @Test
    void shouldKeepReplayToolsAndBenchApart() {
        check(noClasses()
                .that()
                .resideInAPackage(REPLAY)
                .should()
                .dependOnClassesThat()
                .resideInAPackage(BENCH));
        check(noClasses()
                .that()
                .resideInAPackage(BENCH)
                .should()
                .dependOnClassesThat()
                .resideInAPackage(REPLAY));
    }

    private static void check(ArchRule rule) {
        rule.allowEmptyShould(true).check(classes);
    }
}
