package dev.likeness.cli;

import static com.tngtech.archunit.base.DescribedPredicate.describe;
import static com.tngtech.archunit.core.domain.JavaClass.Predicates.resideInAPackage;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;
import static com.tngtech.archunit.library.Architectures.layeredArchitecture;
import static com.tngtech.archunit.library.dependencies.SlicesRuleDefinition.slices;
import static org.junit.jupiter.api.Assertions.assertEquals;

import com.tngtech.archunit.base.DescribedPredicate;
import com.tngtech.archunit.core.domain.JavaAccess;
import com.tngtech.archunit.core.domain.JavaClass;
import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.domain.JavaModifier;
import com.tngtech.archunit.core.importer.ImportOption;
import com.tngtech.archunit.core.importer.Location;
import com.tngtech.archunit.junit.AnalyzeClasses;
import com.tngtech.archunit.junit.ArchTest;
import com.tngtech.archunit.lang.ArchCondition;
import com.tngtech.archunit.lang.ArchRule;
import com.tngtech.archunit.lang.ConditionEvents;
import com.tngtech.archunit.lang.SimpleConditionEvent;
import java.io.IOException;
import java.io.PrintStream;
import java.io.PrintWriter;
import java.nio.file.Files;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Collectors;

/** The arrows between the modules, and what no module may do; see docs/architecture.md. */
@AnalyzeClasses(
    packages = "dev.likeness",
    importOptions = {ImportOption.DoNotIncludeTests.class, ArchitectureTest.WithoutContracts.class})
class ArchitectureTest {
  /** The contracts that a module lends to others' tests may look anywhere in their own module. */
  static final class WithoutContracts implements ImportOption {
    @Override
    public boolean includes(Location location) {
      return !location.contains("-tests.jar");
    }
  }

  /** Leaves out the contracts that a module shares with the tests of others. */
  static final class NoTestJars implements ImportOption {
    @Override
    public boolean includes(Location location) {
      return !location.contains("-tests.jar");
    }
  }

  private static final Set<String> UNPICKLING = Set.of(
      "pickle_load",
      "unpickle",
      "load",
      "import_ir_module",
      "load_jit_module_from_file",
      "load_jit_module_from_stream",
      "parse_and_initialize_jit_module");

  private static final Set<String> FORMATTING =
      Set.of("format", "formatted", "printf", "toLowerCase", "toUpperCase");

  @ArchTest
  static final ArchRule ARROWS = layeredArchitecture()
      .consideringOnlyDependenciesInLayers()
      .layer("schedulers")
      .definedBy("dev.likeness.schedulers..")
      .layer("diffusion")
      .definedBy("dev.likeness.diffusion..")
      .layer("photos")
      .definedBy("dev.likeness.photos..")
      .layer("lora")
      .definedBy("dev.likeness.lora..")
      .layer("ipadapter")
      .definedBy("dev.likeness.ipadapter..")
      .layer("headshots")
      .definedBy("dev.likeness.headshots..")
      .layer("provenance")
      .definedBy("dev.likeness.provenance..")
      .layer("vault")
      .definedBy("dev.likeness.vault..")
      .layer("portrait")
      .definedBy("dev.likeness.portrait")
      .layer("cli")
      .definedBy("dev.likeness.examples..", "dev.likeness.cli..")
      .whereLayer("schedulers")
      .mayNotAccessAnyLayer()
      .whereLayer("portrait")
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
      .mayOnlyBeAccessedByLayers("examples")
      .whereLayer("vault")
      .mayOnlyAccessLayers("schedulers", "diffusion", "photos", "lora", "ipadapter", "headshots")
      .whereLayer("vault")
      .mayOnlyBeAccessedByLayers("examples")
      .whereLayer("portrait")
      .mayOnlyBeAccessedByLayers("cli")
      .whereLayer("cli")
      .mayNotBeAccessedByAnyLayer();

  @ArchTest
  static final ArchRule NO_CYCLES =
      slices().matching("dev.likeness.(**)").should().beFreeOfCycles();

  /** But for the core's, which sister modules may use and users may not. */
  @ArchTest
  static final ArchRule INTERNALS_STAY_INSIDE = noClasses()
      .should(new ArchCondition<>("reach another module's internals") {
        @Override
        public void check(JavaClass from, ConditionEvents events) {
          from.getDirectDependenciesFromSelf().forEach(dependency -> {
            String to = dependency.getTargetClass().getPackageName();
            int inside = to.indexOf(".internal");
            boolean foreign = to.startsWith("dev.likeness.")
                && inside > 0
                && !to.startsWith("dev.likeness.diffusion.internal")
                && !from.getPackageName().startsWith(to.substring(0, inside));
            events.add(new SimpleConditionEvent(from, foreign, dependency.getDescription()));
          });
        }
      });

  @ArchTest
  static final ArchRule SCHEDULERS_ARE_NUMBERS = noClasses()
      .that()
      .resideInAPackage("dev.likeness.schedulers..")
      .should()
      .dependOnClassesThat()
      .resideInAnyPackage("org.bytedeco..", "java.awt..");

  @ArchTest
  static final ArchRule NO_TORCH_SCRIPT = noClasses()
      .should()
      .callMethodWhere(describe(
          "unpickles or runs TorchScript",
          call -> UNPICKLING.contains(call.getName()) && isTorch(call)));

  @ArchTest
  static final ArchRule NO_ARCHIVES = noClasses()
      .should()
      .dependOnClassesThat()
      .haveFullyQualifiedName("org.bytedeco.pytorch.InputArchive")
      .orShould()
      .dependOnClassesThat()
      .haveFullyQualifiedName("org.bytedeco.pytorch.JitModule");

  @ArchTest
  static final ArchRule PHOTOS_ARE_NEVER_LOGGED = noClasses()
      .that(resideInAPackage("dev.likeness.photos..")
          .or(resideInAPackage("dev.likeness.lora.."))
          .or(resideInAPackage("dev.likeness.ipadapter.."))
          .or(resideInAPackage("dev.likeness.headshots.."))
          .or(resideInAPackage("dev.likeness.vault.."))
          .or(resideInAPackage("dev.likeness.provenance..")))
      .should()
      .dependOnClassesThat(logs());

  @ArchTest
  static final ArchRule ONLY_THE_COMMAND_PRINTS = noClasses()
      .that()
      .resideOutsideOfPackage("dev.likeness.examples..")
      .should()
      .accessField(System.class, "out")
      .orShould()
      .accessField(System.class, "err");

  @ArchTest
  static void everyNameThatTheShellImportsMeansOneThing(JavaClasses classes) throws IOException {
    List<String> packages =
        Files.readAllLines(Outside.ROOT.resolve("examples/jshell/start.jsh")).stream()
            .map(line -> line.replaceAll("^import |\\.\\*$", ""))
            .toList();
    List<JavaClass> types = classes.stream()
        .filter(JavaClass::isTopLevelClass)
        .filter(type -> packages.contains(type.getPackageName())
            && type.getModifiers().contains(JavaModifier.PUBLIC))
        .toList();
    assertEquals(
        new TreeSet<>(packages),
        types.stream()
            .map(JavaClass::getPackageName)
            .collect(Collectors.toCollection(TreeSet::new)));
    Map<String, Long> names = types.stream()
        .collect(Collectors.groupingBy(JavaClass::getSimpleName, Collectors.counting()));
    names.values().removeIf(count -> count == 1);
    assertEquals(Map.of(), names);
  }

  /**
   * Text that is code, file or English is the same on a machine that writes decimal commas or other
   * digits.
   */
  @ArchTest
  static final ArchRule NOTHING_FOLLOWS_THE_MACHINES_LANGUAGE = noClasses()
      .should()
      .callMethodWhere(describe(
          "formats without a Locale",
          call -> FORMATTING.contains(call.getName())
              && call.getTarget().getRawParameterTypes().stream()
                  .noneMatch(type -> type.isEquivalentTo(Locale.class))
              && (call.getTargetOwner().isEquivalentTo(String.class)
                  || call.getTargetOwner().isAssignableTo(PrintStream.class)
                  || call.getTargetOwner().isAssignableTo(PrintWriter.class))));

  private static boolean isTorch(JavaAccess<?> call) {
    return call.getTargetOwner().getName().equals("org.bytedeco.pytorch.global.torch");
  }

  private static DescribedPredicate<JavaClass> logs() {
    return resideInAPackage("org.slf4j..")
        .or(resideInAPackage("java.util.logging.."))
        .as("log");
  }
}
