package dev.likeness.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.tngtech.archunit.core.domain.JavaClass;
import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.domain.JavaModifier;
import com.tngtech.archunit.core.importer.ImportOption;
import com.tngtech.archunit.core.importer.Location;
import com.tngtech.archunit.junit.AnalyzeClasses;
import com.tngtech.archunit.junit.ArchTest;
import com.tngtech.archunit.lang.ArchRule;
import dev.likeness.cli.architecture.FamilyRules;
import dev.likeness.cli.architecture.MethodRules;
import dev.likeness.cli.architecture.ModuleRules;
import dev.likeness.cli.architecture.PackageRules;
import dev.likeness.cli.architecture.SafetyRules;
import dev.likeness.cli.architecture.SupportedRules;
import java.io.IOException;
import java.nio.file.Files;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;

/** The rules of the house; see docs/architecture.md. */
@AnalyzeClasses(
    packages = "dev.likeness",
    importOptions = {ImportOption.DoNotIncludeTests.class, ArchitectureTest.WithoutTestJars.class})
class ArchitectureTest {
  /** Tests, and the contracts that a module lends to others' tests, may look anywhere. */
  static final class WithoutTestJars implements ImportOption {
    @Override
    public boolean includes(Location location) {
      return !location.contains("-tests.jar");
    }
  }

  private static final String ROOT = "dev.likeness";

  @ArchTest
  static final ArchRule MODULES = ModuleRules.arrows(ROOT);

  @ArchTest
  static final ArchRule SCHEDULERS = ModuleRules.schedulersAreNumbers(ROOT);

  @ArchTest
  static final ArchRule CYCLES = PackageRules.noCycles(ROOT);

  @ArchTest
  static final ArchRule CORE_ORDER = PackageRules.arrowsOfTheCore(ROOT);

  @ArchTest
  static final ArchRule CORE_PACKAGES = PackageRules.theCoreHasNoOtherPackages(ROOT);

  @ArchTest
  static final ArchRule ROOT_OF_DIFFUSION = PackageRules.nothingUsesTheRoot(ROOT, "diffusion");

  @ArchTest
  static final ArchRule LORA_ORDER = PackageRules.arrowsOfLora(ROOT);

  @ArchTest
  static final ArchRule ROOT_OF_LORA = PackageRules.nothingUsesTheRoot(ROOT, "lora");

  @ArchTest
  static final ArchRule HEADSHOTS_ORDER = PackageRules.arrowsOfHeadshots(ROOT);

  @ArchTest
  static final ArchRule ROOT_OF_HEADSHOTS = PackageRules.nothingUsesTheRoot(ROOT, "headshots");

  @ArchTest
  static final ArchRule ROOT_OF_IPADAPTER = PackageRules.nothingUsesTheRoot(ROOT, "ipadapter");

  @ArchTest
  static final ArchRule REGISTRY = FamilyRules.onlyTheRegistryKnowsFamilies(ROOT);

  @ArchTest
  static final ArchRule FAMILIES = FamilyRules.familiesDoNotKnowEachOther(ROOT);

  @ArchTest
  static final ArchRule METHOD_REGISTRY = MethodRules.onlyTheRegistryKnowsMethods(ROOT);

  @ArchTest
  static final ArchRule METHODS = MethodRules.methodsDoNotKnowEachOther(ROOT);

  @ArchTest
  static final ArchRule FAMILY_NAMES = FamilyRules.familiesAreNamedInTheirFolders(ROOT);

  @ArchTest
  static final ArchRule INTERNAL_SIGNATURES = SupportedRules.signaturesMentionNothingInternal(ROOT);

  @ArchTest
  static final ArchRule BYTEDECO_SIGNATURES = SupportedRules.signaturesMentionNoBytedeco(ROOT);

  @ArchTest
  static final ArchRule NAMES = SupportedRules.namesMeanOneThing(ROOT);

  @ArchTest
  static final ArchRule TRAPS = SupportedRules.typesHaveNoTraps(ROOT);

  @ArchTest
  static final ArchRule TORCH_SCRIPT = SafetyRules.noTorchScript();

  @ArchTest
  static final ArchRule ARCHIVES = SafetyRules.noArchives();

  @ArchTest
  static final ArchRule NETWORK = SafetyRules.onlyTheHubUsesTheNetwork(ROOT);

  @ArchTest
  static final ArchRule LOGS = SafetyRules.photosAreNeverLogged(ROOT);

  @ArchTest
  static final ArchRule PRINTS = SafetyRules.onlyProgramsPrint(ROOT);

  @ArchTest
  static final ArchRule FAILURES = SafetyRules.failuresHaveTypes(ROOT);

  @ArchTest
  static final ArchRule LANGUAGE = SafetyRules.nothingFollowsTheMachinesLanguage();

  @ArchTest
  static void theShellImportsEverySupportedPackage(JavaClasses ignored) throws IOException {
    Set<String> missing = new TreeSet<>();
    Pattern type = Pattern.compile("^public .*? (dev\\.likeness(?:\\.[a-z0-9]+)*)\\.[A-Z]\\w*$");
    for (String module : SupportedApiTest.MODULES) {
      Files.readString(Outside.ROOT.resolve("api/" + module + ".txt"))
          .lines()
          .map(line -> type.matcher(line.replaceAll("[<(].*| (extends|implements) .*", "")))
          .filter(Matcher::find)
          .forEach(found -> missing.add(found.group(1)));
    }
    assertTrue(missing.size() > 20, () -> "found only " + missing);
    Files.readAllLines(Outside.ROOT.resolve("examples/jshell/start.jsh"))
        .forEach(line -> missing.remove(line.replaceAll("^import |\\.\\*$", "")));
    assertEquals(Set.of(), missing);
  }

  @ArchTest
  static void theShellImportsEveryPackageItNames(JavaClasses classes) throws IOException {
    List<String> packages =
        Files.readAllLines(Outside.ROOT.resolve("examples/jshell/start.jsh")).stream()
            .filter(line -> !line.startsWith("import java."))
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
    assertEquals(
        List.of(),
        types.stream()
            .collect(Collectors.groupingBy(JavaClass::getSimpleName, Collectors.counting()))
            .entrySet()
            .stream()
            .filter(name -> name.getValue() > 1)
            .toList());
  }
}
