package dev.hone.onnx;

import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;
import static org.assertj.core.api.Assertions.assertThat;

import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.lang.ArchRule;
import dev.hone.Session;
import dev.hone.contract.HouseRules;
import org.junit.jupiter.api.Test;

/** The map of the packages, kept by the build; that the rules can fail is tested in core. */
class ArchitectureTest {
  private static final String[] PASSES = {
    "dev.hone.onnx.graph..",
    "dev.hone.onnx.fuse..",
    "dev.hone.onnx.quantize..",
    "dev.hone.onnx.calibrate.."
  };

  private static final JavaClasses LIBRARY = HouseRules.libraryClasses();

  private static void isKept(ArchRule rule) {
    assertThat(LIBRARY.contain(Session.class) && LIBRARY.contain(OnnxRuntime.class)).isTrue();
    rule.check(LIBRARY);
  }

  @Test
  void packagesHaveNoCycles() {
    isKept(HouseRules.noCycles());
  }

  @Test
  void nativeCodeStaysWhereItBelongs() {
    isKept(HouseRules.nativeCodeOnlyIn("dev.hone.memory", "dev.hone.onnx.ort"));
    assertThat(HouseRules.nativeCodeOnlyIn("dev.hone.memory").evaluate(LIBRARY).hasViolation())
        .isTrue();
  }

  @Test
  void signaturesNameNoNativeTypes() {
    isKept(HouseRules.noNativeTypesInSignatures());
  }

  @Test
  void concretePublicClassesAreFinal() {
    isKept(HouseRules.concretePublicClassesAreFinal("dev.hone.HoneException"));
  }

  @Test
  void passesOverTheGraphOpenNoSession() {
    isKept(
        noClasses()
            .that()
            .resideInAnyPackage(PASSES)
            .should()
            .dependOnClassesThat()
            .resideInAPackage("dev.hone.onnx.ort..")
            .orShould()
            .dependOnClassesThat()
            .areAssignableTo(Session.class));
  }

  @Test
  void theRunningSideKnowsNoGraph() {
    isKept(
        HouseRules.dependsOnlyOn(
            "dev.hone.onnx.ort",
            "dev.hone",
            "dev.hone.memory",
            "dev.hone.metrics",
            "dev.hone.onnx.gpu",
            "dev.hone.onnx.failure"));
    isKept(HouseRules.dependsOnlyOn("dev.hone.onnx.failure", "dev.hone"));
    isKept(HouseRules.dependsOnlyOn("dev.hone.onnx.gpu", "dev.hone", "dev.hone.metrics"));
    isKept(HouseRules.dependsOnlyOn("dev.hone.onnx.graph", "dev.hone", "dev.hone.memory"));
  }

  @Test
  void comparingAndKeepingKnowNoPasses() {
    isKept(
        HouseRules.dependsOnlyOn(
            "dev.hone.onnx.check", "dev.hone", "dev.hone.memory", "dev.hone.onnx.graph"));
    isKept(HouseRules.dependsOnlyOn("dev.hone.onnx.cache", "dev.hone"));
    isKept(HouseRules.dependsOnlyOn("dev.hone.onnx.json"));
  }
}
