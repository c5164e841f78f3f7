package dev.hone.cuda;

import static org.assertj.core.api.Assertions.assertThat;

import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.lang.ArchRule;
import dev.hone.contract.HouseRules;
import org.junit.jupiter.api.Test;

/** The map of the packages, kept by the build; that the rules can fail is tested in core. */
class ArchitectureTest {
  private static final JavaClasses LIBRARY = HouseRules.libraryClasses();

  private static void isKept(ArchRule rule) {
    assertThat(LIBRARY.contain(CudaDiagnostics.class)).isTrue();
    rule.check(LIBRARY);
  }

  @Test
  void packagesHaveNoCycles() {
    isKept(HouseRules.noCycles());
  }

  @Test
  void diagnosisIsPureJava() {
    isKept(HouseRules.dependsOnlyOn("dev.hone.cuda.probe"));
    isKept(
        HouseRules.nativeCodeOnlyIn(
            "dev.hone.memory", "dev.hone.onnx.ort", "dev.hone.cuda.driver"));
  }

  @Test
  void signaturesNameNoNativeTypes() {
    isKept(HouseRules.noNativeTypesInSignatures());
  }

  @Test
  void concretePublicClassesAreFinal() {
    isKept(HouseRules.concretePublicClassesAreFinal("dev.hone.HoneException"));
  }
}
