package dev.hone.architecture;

import static org.assertj.core.api.Assertions.assertThat;

import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import com.tngtech.archunit.lang.ArchRule;
import dev.hone.architecture.seeded.one.Broken;
import dev.hone.architecture.seeded.two.Other;
import dev.hone.contract.HouseRules;
import java.util.List;
import org.junit.jupiter.api.Test;

/** The map of the packages, kept by the build. */
class ArchitectureTest {
  private static final String CORE = "dev.hone";
  private static final String MEMORY = "dev.hone.memory";
  private static final String METRICS = "dev.hone.metrics";

  private static final JavaClasses LIBRARY = HouseRules.libraryClasses();
  private static final JavaClasses SEEDED =
      new ClassFileImporter().importClasses(Broken.class, Other.class);

  private static void isKept(ArchRule rule) {
    assertThat(LIBRARY.size()).as("classes that were looked at").isGreaterThan(20);
    rule.check(LIBRARY);
  }

  private static void isBrokenBySeededCode(ArchRule rule) {
    assertThat(rule.evaluate(SEEDED).hasViolation()).as(rule.getDescription()).isTrue();
  }

  @Test
  void packagesHaveNoCycles() {
    isKept(HouseRules.noCycles());
    isBrokenBySeededCode(HouseRules.noCycles());
  }

  @Test
  void arrowsPointDownwards() {
    isKept(HouseRules.dependsOnlyOn(MEMORY));
    isKept(HouseRules.dependsOnlyOn(METRICS));
    isKept(HouseRules.dependsOnlyOn(CORE, MEMORY, METRICS));
    isKept(HouseRules.dependsOnlyOn("dev.hone.batching", CORE, MEMORY, METRICS));
    isKept(HouseRules.dependsOnlyOn("dev.hone.shadow", CORE, MEMORY, METRICS));
    isBrokenBySeededCode(HouseRules.dependsOnlyOn("dev.hone.architecture.seeded.one"));
  }

  @Test
  void nativeCodeStaysWhereItBelongs() {
    isKept(HouseRules.nativeCodeOnlyIn(MEMORY));
    isBrokenBySeededCode(HouseRules.nativeCodeOnlyIn(MEMORY));
  }

  @Test
  void signaturesNameNoNativeTypes() {
    isKept(HouseRules.noNativeTypesInSignatures());
    isBrokenBySeededCode(HouseRules.noNativeTypesInSignatures());
  }

  @Test
  void concretePublicClassesAreFinal() {
    ArchRule rule = HouseRules.concretePublicClassesAreFinal("dev.hone.HoneException");
    isKept(rule);
    isBrokenBySeededCode(rule);
  }

  @Test
  void coreKnowsNoRuntime() {
    assertThat(LIBRARY).noneMatch(c -> c.getPackageName().startsWith("dev.hone.onnx"));
    assertThat(List.copyOf(LIBRARY))
        .allMatch(
            c ->
                c.getDirectDependenciesFromSelf().stream()
                    .noneMatch(d -> d.getTargetClass().getName().contains("onnx")));
  }
}
