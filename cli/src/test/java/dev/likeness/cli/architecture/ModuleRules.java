package dev.likeness.cli.architecture;

import static com.tngtech.archunit.base.DescribedPredicate.describe;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;
import static com.tngtech.archunit.library.Architectures.layeredArchitecture;

import com.tngtech.archunit.core.domain.JavaClass;
import com.tngtech.archunit.core.domain.JavaModifier;
import com.tngtech.archunit.lang.ArchRule;
import java.util.List;

/**
 * Which module may use which. As in all rules of this package, {@code root} is
 * {@code dev.likeness}, or the package of planted violations that mirrors it.
 */
public final class ModuleRules {
  private ModuleRules() {}

  /** The arrows between the modules. */
  public static ArchRule arrows(String root) {
    return layeredArchitecture()
        .consideringOnlyDependenciesInLayers()
        .withOptionalLayers(true)
        .layer("schedulers")
        .definedBy(root + ".schedulers..")
        .layer("diffusion")
        .definedBy(root + ".diffusion..")
        .layer("photos")
        .definedBy(root + ".photos..")
        .layer("lora")
        .definedBy(root + ".lora..")
        .layer("ipadapter")
        .definedBy(root + ".ipadapter..")
        .layer("headshots")
        .definedBy(root + ".headshots..")
        .layer("provenance")
        .definedBy(root + ".provenance..")
        .layer("vault")
        .definedBy(root + ".vault..")
        .layer("hub")
        .definedBy(root + ".hub..")
        .layer("studio")
        .definedBy(root + ".studio..")
        .layer("portrait")
        .definedBy(root + ".portrait")
        .layer("research")
        .definedBy(root + ".portrait.*..")
        .layer("cli")
        .definedBy(root + ".examples..", root + ".cli..")
        .whereLayer("schedulers")
        .mayNotAccessAnyLayer()
        .whereLayer("diffusion")
        .mayOnlyAccessLayers("schedulers")
        .whereLayer("photos")
        .mayOnlyAccessLayers("diffusion")
        .whereLayer("lora")
        .mayOnlyAccessLayers("diffusion", "schedulers")
        .whereLayer("ipadapter")
        .mayOnlyAccessLayers("diffusion", "schedulers", "photos")
        .whereLayer("headshots")
        .mayOnlyAccessLayers("schedulers", "diffusion", "photos", "lora", "ipadapter")
        .whereLayer("provenance")
        .mayOnlyAccessLayers("diffusion", "photos")
        .whereLayer("provenance")
        .mayOnlyBeAccessedByLayers("cli", "studio")
        .whereLayer("vault")
        .mayOnlyAccessLayers("schedulers", "diffusion", "photos", "lora", "ipadapter", "headshots")
        .whereLayer("vault")
        .mayOnlyBeAccessedByLayers("cli", "studio")
        .whereLayer("studio")
        .mayOnlyAccessLayers(
            "schedulers",
            "diffusion",
            "photos",
            "lora",
            "ipadapter",
            "headshots",
            "provenance",
            "vault")
        .whereLayer("studio")
        .mayOnlyBeAccessedByLayers("cli")
        .whereLayer("hub")
        .mayOnlyAccessLayers("diffusion")
        .whereLayer("hub")
        .mayOnlyBeAccessedByLayers("cli")
        .whereLayer("portrait")
        .mayNotAccessAnyLayer()
        .whereLayer("portrait")
        .mayOnlyBeAccessedByLayers("cli", "research")
        .whereLayer("research")
        .mayNotBeAccessedByAnyLayer()
        .whereLayer("cli")
        .mayNotBeAccessedByAnyLayer()
        .as("modules use each other as the table of modules says");
  }

  /** Numbers only: neither tensors nor images. */
  public static ArchRule schedulersAreNumbers(String root) {
    return noClasses()
        .that()
        .resideInAPackage(root + ".schedulers..")
        .should()
        .dependOnClassesThat()
        .resideInAnyPackage("org.bytedeco..", "java.awt..")
        .as("schedulers know neither tensors nor images");
  }

  /**
   * Examples and integrations show what a user can do, so they use what a user may. The library's
   * own modules and the command may use {@code internal} packages.
   */
  public static ArchRule examplesUseTheSupportedApi(String root) {
    return noClasses()
        .that()
        .resideInAnyPackage(root + ".examples..", root + ".integrations..")
        .should()
        .dependOnClassesThat(describe(
            "are internal",
            type ->
                type.getPackageName().startsWith(root + ".") && isInternal(type.getPackageName())))
        .as("examples and integrations use supported packages only");
  }

  /** The package names under the root of modules that are libraries. */
  static final List<String> LIBRARIES = List.of(
      "schedulers",
      "diffusion",
      "photos",
      "lora",
      "ipadapter",
      "headshots",
      "provenance",
      "vault",
      "hub",
      "studio");

  static boolean isInternal(String packageName) {
    return packageName.endsWith(".internal") || packageName.contains(".internal.");
  }

  /** Whether the type can be reached by users of a library. */
  static boolean isSupported(String root, JavaClass type) {
    String name = type.getPackageName();
    boolean library = name.equals(root + ".portrait")
        || LIBRARIES.stream()
            .map(module -> root + "." + module)
            .anyMatch(module -> name.equals(module) || name.startsWith(module + "."));
    return library && !isInternal(name) && isPublic(type);
  }

  private static boolean isPublic(JavaClass type) {
    return type.getModifiers().contains(JavaModifier.PUBLIC)
        && type.getEnclosingClass().map(ModuleRules::isPublic).orElse(true);
  }
}
