package dev.likeness.cli.architecture;

import static com.tngtech.archunit.base.DescribedPredicate.describe;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.classes;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;
import static com.tngtech.archunit.library.dependencies.SlicesRuleDefinition.slices;

import com.tngtech.archunit.core.domain.JavaClass;
import com.tngtech.archunit.core.domain.JavaField;
import com.tngtech.archunit.core.domain.JavaModifier;
import com.tngtech.archunit.lang.ArchCondition;
import com.tngtech.archunit.lang.ArchRule;
import com.tngtech.archunit.lang.ConditionEvents;
import com.tngtech.archunit.lang.SimpleConditionEvent;
import java.util.Map;
import java.util.Set;
import java.util.regex.Pattern;

/** A model family is one folder, known to the registry alone. */
public final class FamilyRules {
  /** Names of families, alone or at the start of a class of diffusers. */
  private static final Pattern NAME = Pattern.compile(
      "(?<![a-z])(?:flux|sdxl|sd[-_ ]?[123](?![0-9])|sd15|z[-_ ]?image|stable[-_ ]?diffusion|chroma(?![a-z]))",
      Pattern.CASE_INSENSITIVE);

  /**
   * Names of published sigma schedules, each exactly. Align Your Steps (arXiv:2404.14507) optimised
   * one schedule for each network; a user chooses it by its name, whatever the base.
   */
  private static final Set<String> PUBLISHED_SCHEDULES =
      Set.of("align_your_steps_sd15", "ALIGN_YOUR_STEPS_SD15", "ALIGN_YOUR_STEPS_SDXL");

  /** Classes that read names of families from files, with the reason. */
  private static final Map<String, String> READS_NAMES = Map.of(
      "ipadapter.IpAdapterFile",
      "published IP-Adapter files are told apart by the base in their file name",
      "headshots.style.Style",
      "the keys under which a style file has prompts for kinds of bases",
      "lora.internal.file.LoraFamilyDetector",
      "headers of LoRA files name the base, also of families that are not here");

  private FamilyRules() {}

  /** Only the registry names a family's classes. */
  public static ArchRule onlyTheRegistryKnowsFamilies(String root) {
    String families = root + ".diffusion.internal.family.*..";
    String registry = root + ".diffusion.internal.model.FamilyRegistry";
    return noClasses()
        .that()
        .resideOutsideOfPackage(families)
        .and(describe(
            "are not the registry", type -> !type.getName().split("\\$")[0].equals(registry)))
        .should()
        .dependOnClassesThat()
        .resideInAPackage(families)
        .as("only the registry knows the classes of a family");
  }

  /** What families share lies below them. */
  public static ArchRule familiesDoNotKnowEachOther(String root) {
    return slices()
        .matching(root + ".diffusion.internal.family.(*)..")
        .should()
        .notDependOnEachOther()
        .as("families do not know each other");
  }

  /** No string and no constant of an enum elsewhere names a family; comments may. */
  public static ArchRule familiesAreNamedInTheirFolders(String root) {
    return classes()
        .that()
        .resideInAPackage(root + "..")
        .and()
        .resideOutsideOfPackages(root + ".diffusion.internal.family.*..", root + ".portrait.*..")
        .and(describe(
            "neither the registry nor readers of names",
            type -> !isAllowed(root, type.getName().split("\\$")[0])))
        .should(new ArchCondition<>("not name a family") {
          @Override
          public void check(JavaClass type, ConditionEvents events) {
            type.getFields().stream()
                .filter(field -> field.getModifiers().contains(JavaModifier.ENUM))
                .map(JavaField::getName)
                .filter(FamilyRules::namesFamily)
                .forEach(name -> report(type, "the constant " + name, events));
            if (type.isTopLevelClass()) {
              SourceText.literals(type).stream()
                  .filter(FamilyRules::namesFamily)
                  .distinct()
                  .forEach(text -> report(type, "\"" + text + "\"", events));
            }
          }
        })
        .as("a family is named in its folder and in the registry only");
  }

  private static boolean namesFamily(String text) {
    return !PUBLISHED_SCHEDULES.contains(text) && NAME.matcher(text).find();
  }

  private static void report(JavaClass type, String what, ConditionEvents events) {
    events.add(SimpleConditionEvent.violated(type, type.getName() + " names a family: " + what));
  }

  private static boolean isAllowed(String root, String name) {
    return name.equals(root + ".diffusion.internal.model.FamilyRegistry")
        || READS_NAMES.keySet().stream().anyMatch(known -> name.equals(root + "." + known));
  }
}
