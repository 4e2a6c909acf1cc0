package dev.likeness.cli.architecture;

import static com.tngtech.archunit.base.DescribedPredicate.describe;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;
import static com.tngtech.archunit.library.dependencies.SlicesRuleDefinition.slices;

import com.tngtech.archunit.lang.ArchRule;

/** An identity method is one folder, known to the registry alone. */
public final class MethodRules {
  private MethodRules() {}

  /** Only the registry names a method's classes. */
  public static ArchRule onlyTheRegistryKnowsMethods(String root) {
    String methods = root + ".ipadapter.internal.method.*..";
    String registry = root + ".ipadapter.internal.registry.MethodRegistry";
    return noClasses()
        .that()
        .resideOutsideOfPackage(methods)
        .and(describe(
            "are not the registry", type -> !type.getName().split("\\$")[0].equals(registry)))
        .should()
        .dependOnClassesThat()
        .resideInAPackage(methods)
        .as("only the registry knows the classes of an identity method");
  }

  /** What methods share lies below them. */
  public static ArchRule methodsDoNotKnowEachOther(String root) {
    return slices()
        .matching(root + ".ipadapter.internal.method.(*)..")
        .should()
        .notDependOnEachOther()
        .as("identity methods do not know each other");
  }
}
