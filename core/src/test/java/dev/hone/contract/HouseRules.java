package dev.hone.contract;

import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.classes;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;

import com.tngtech.archunit.base.DescribedPredicate;
import com.tngtech.archunit.core.domain.JavaClass;
import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.domain.JavaCodeUnit;
import com.tngtech.archunit.core.domain.JavaField;
import com.tngtech.archunit.core.domain.JavaModifier;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import com.tngtech.archunit.lang.ArchCondition;
import com.tngtech.archunit.lang.ArchRule;
import com.tngtech.archunit.lang.ConditionEvents;
import com.tngtech.archunit.lang.SimpleConditionEvent;
import com.tngtech.archunit.library.dependencies.SliceAssignment;
import com.tngtech.archunit.library.dependencies.SliceIdentifier;
import com.tngtech.archunit.library.dependencies.SlicesRuleDefinition;
import java.util.Set;
import java.util.stream.Stream;

/** The rules of architecture that every module of Hone keeps, for its tests to check. */
public final class HouseRules {
  private static final String NATIVE = "org.bytedeco.";

  private HouseRules() {}

  /** The classes of Hone on the class path, without those of tests. */
  public static JavaClasses libraryClasses() {
    return new ClassFileImporter()
        .withImportOption(
            location -> !location.contains("/test-classes/") && !location.contains("-tests.jar"))
        .importPackages("dev.hone");
  }

  /** No package depends on one that depends on it. */
  public static ArchRule noCycles() {
    SliceAssignment byPackage =
        new SliceAssignment() {
          @Override
          public SliceIdentifier getIdentifierOf(JavaClass javaClass) {
            String name = javaClass.getPackageName();
            return name.startsWith("dev.hone")
                ? SliceIdentifier.of(name)
                : SliceIdentifier.ignore();
          }

          @Override
          public String getDescription() {
            return "packages of Hone";
          }
        };
    return SlicesRuleDefinition.slices().assignedFrom(byPackage).should().beFreeOfCycles();
  }

  /** Of the packages of Hone, {@code from} depends on itself and {@code allowed} only. */
  public static ArchRule dependsOnlyOn(String from, String... allowed) {
    Set<String> known = Set.of(allowed);
    return noClasses()
        .that()
        .resideInAPackage(from)
        .should()
        .dependOnClassesThat(
            new DescribedPredicate<>("are of other packages of Hone than " + known) {
              @Override
              public boolean test(JavaClass target) {
                String name = target.getPackageName();
                return name.startsWith("dev.hone") && !name.equals(from) && !known.contains(name);
              }
            })
        .allowEmptyShould(true);
  }

  /** Native bindings are used in these packages only. */
  public static ArchRule nativeCodeOnlyIn(String... packages) {
    return noClasses()
        .that()
        .resideOutsideOfPackages(packages)
        .should()
        .dependOnClassesThat()
        .resideInAPackage("org.bytedeco..");
  }

  /** No native type in what others can call. */
  public static ArchRule noNativeTypesInSignatures() {
    return classes()
        .that()
        .arePublic()
        .should(
            new ArchCondition<>("have no native type in a public or protected signature") {
              @Override
              public void check(JavaClass item, ConditionEvents events) {
                Stream.concat(
                        item.getCodeUnits().stream()
                            .filter(unit -> visible(unit.getModifiers()))
                            .filter(HouseRules::namesNativeType)
                            .map(JavaCodeUnit::getFullName),
                        item.getFields().stream()
                            .filter(field -> visible(field.getModifiers()))
                            .filter(field -> isNative(field.getRawType()))
                            .map(JavaField::getFullName))
                    .forEach(name -> events.add(SimpleConditionEvent.violated(item, name)));
              }
            });
  }

  private static boolean visible(Set<JavaModifier> modifiers) {
    return modifiers.contains(JavaModifier.PUBLIC) || modifiers.contains(JavaModifier.PROTECTED);
  }

  private static boolean namesNativeType(JavaCodeUnit unit) {
    return isNative(unit.getRawReturnType())
        || unit.getRawParameterTypes().stream().anyMatch(HouseRules::isNative);
  }

  private static boolean isNative(JavaClass type) {
    return type.getBaseComponentType().getName().startsWith(NATIVE);
  }

  /** Nobody inherits from a concrete class, but for those named here. */
  public static ArchRule concretePublicClassesAreFinal(String... exceptions) {
    Set<String> open = Set.of(exceptions);
    return classes()
        .that()
        .arePublic()
        .and()
        .areNotInterfaces()
        .and()
        .areNotEnums()
        .and()
        .doNotHaveModifier(JavaModifier.ABSTRACT)
        .and(
            new DescribedPredicate<>("are not open on purpose") {
              @Override
              public boolean test(JavaClass type) {
                return !open.contains(type.getName());
              }
            })
        .should()
        .haveModifier(JavaModifier.FINAL);
  }
}
