package dev.likeness.cli.architecture;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import com.tngtech.archunit.lang.ArchRule;
import dev.likeness.planted.diffusion.PlantedBase;
import dev.likeness.planted.diffusion.internal.family.sd3.KnowsFlux;
import dev.likeness.planted.diffusion.request.UsesPipeline;
import dev.likeness.planted.diffusion.request.UsesRootOfDiffusion;
import dev.likeness.planted.diffusion.stray.Stray;
import dev.likeness.planted.examples.UsesInternal;
import dev.likeness.planted.headshots.KnowsHub;
import dev.likeness.planted.headshots.KnowsProvenance;
import dev.likeness.planted.headshots.NamesFamily;
import dev.likeness.planted.headshots.report.UsesRootOfHeadshots;
import dev.likeness.planted.hub.KnowsPhotos;
import dev.likeness.planted.ipadapter.KnowsLora;
import dev.likeness.planted.ipadapter.internal.attention.KnowsMethod;
import dev.likeness.planted.ipadapter.internal.file.UsesRootOfIpAdapter;
import dev.likeness.planted.ipadapter.internal.method.faceid.KnowsPlus;
import dev.likeness.planted.lora.PlantedLora;
import dev.likeness.planted.lora.internal.file.UsesRootOfLora;
import dev.likeness.planted.photos.MentionsInternal;
import dev.likeness.planted.photos.MentionsTensor;
import dev.likeness.planted.photos.Trapped;
import dev.likeness.planted.photos.Twice;
import dev.likeness.planted.photos.face.OneWay;
import dev.likeness.planted.photos.quality.OtherWay;
import dev.likeness.planted.schedulers.HoldsTensor;
import dev.likeness.planted.studio.KnowsHubToo;
import dev.likeness.planted.vault.Calls;
import dev.likeness.planted.vault.Fails;
import dev.likeness.planted.vault.KnowsStudio;
import dev.likeness.planted.vault.Talks;
import dev.likeness.planted.vault.Unpickles;
import java.util.List;
import org.junit.jupiter.api.Test;

/** Each rule of the house can fail: it finds a violation that was planted for it, and no other. */
class PlantedViolationsTest {
  private static final String ROOT = "dev.likeness.planted";
  private static final JavaClasses PLANTED = new ClassFileImporter().importPackages(ROOT);

  @Test
  void modulesThatTheyMustNotUseAreFound() {
    assertFinds(
        ModuleRules.arrows(ROOT),
        KnowsProvenance.class,
        KnowsLora.class,
        PlantedBase.class,
        KnowsHub.class,
        KnowsPhotos.class,
        KnowsHubToo.class,
        KnowsStudio.class);
    assertFinds(ModuleRules.schedulersAreNumbers(ROOT), HoldsTensor.class);
    assertFinds(ModuleRules.examplesUseTheSupportedApi(ROOT), UsesInternal.class);
  }

  @Test
  void packagesThatTheyMustNotUseAreFound() {
    assertFinds(PackageRules.noCycles(ROOT), OneWay.class, OtherWay.class);
    assertFinds(PackageRules.arrowsOfTheCore(ROOT), UsesPipeline.class, UsesRootOfDiffusion.class);
    assertFinds(PackageRules.arrowsOfLora(ROOT), UsesRootOfLora.class);
    assertFinds(PackageRules.theCoreHasNoOtherPackages(ROOT), Stray.class);
    assertFinds(PackageRules.nothingUsesTheRoot(ROOT, "diffusion"), UsesRootOfDiffusion.class);
    assertFinds(PackageRules.nothingUsesTheRoot(ROOT, "lora"), UsesRootOfLora.class);
    assertFinds(PackageRules.arrowsOfHeadshots(ROOT), UsesRootOfHeadshots.class);
    assertFinds(PackageRules.nothingUsesTheRoot(ROOT, "headshots"), UsesRootOfHeadshots.class);
    assertFinds(PackageRules.nothingUsesTheRoot(ROOT, "ipadapter"), UsesRootOfIpAdapter.class);
  }

  @Test
  void identityMethodsOutsideOfTheirFoldersAreFound() {
    assertFinds(MethodRules.onlyTheRegistryKnowsMethods(ROOT), KnowsMethod.class);
    assertFinds(MethodRules.methodsDoNotKnowEachOther(ROOT), KnowsPlus.class);
  }

  @Test
  void familiesOutsideOfTheirFoldersAreFound() {
    assertFinds(FamilyRules.onlyTheRegistryKnowsFamilies(ROOT), PlantedLora.class);
    assertFinds(FamilyRules.familiesDoNotKnowEachOther(ROOT), KnowsFlux.class);
    String name = NamesFamily.class.getName();
    assertEquals(
        List.of(
            name + " names a family: \"FluxPipeline\"",
            name + " names a family: \"align_your_steps_flux\"",
            name + "$Base names a family: the constant SDXL"),
        details(FamilyRules.familiesAreNamedInTheirFolders(ROOT)));
  }

  @Test
  void publicInternalsAreFound() {
    assertFinds(SupportedRules.signaturesMentionNothingInternal(ROOT), MentionsInternal.class);
    assertFinds(SupportedRules.signaturesMentionNoBytedeco(ROOT), MentionsTensor.class);
    assertFinds(
        SupportedRules.namesMeanOneThing(ROOT),
        Twice.class,
        dev.likeness.planted.vault.Twice.class);
  }

  @Test
  void trapsOfSupportedTypesAreFound() {
    String name = Trapped.class.getName();
    assertEquals(
        List.of(
            name + " is a record and a resource",
            name + "$NoRootException is no LikenessException",
            name + ".in() is a keyword of Kotlin"),
        details(SupportedRules.typesHaveNoTraps(ROOT)));
  }

  @Test
  void unsafeCallsAreFound() {
    assertFinds(SafetyRules.noTorchScript(), Unpickles.class);
    assertFinds(SafetyRules.noArchives(), Unpickles.class);
    assertFinds(SafetyRules.photosAreNeverLogged(ROOT), Talks.class);
    assertFinds(SafetyRules.onlyTheHubUsesTheNetwork(ROOT), Calls.class);
    assertFinds(SafetyRules.onlyProgramsPrint(ROOT), Talks.class);
    assertFinds(SafetyRules.nothingFollowsTheMachinesLanguage(), Talks.class);
    assertFinds(SafetyRules.failuresHaveTypes(ROOT), Fails.class);
  }

  /** Every line names one of {@code planted}, and each of these is named. */
  private static void assertFinds(ArchRule rule, Class<?>... planted) {
    List<String> details = details(rule);
    for (Class<?> type : planted) {
      assertTrue(
          details.stream().anyMatch(line -> line.contains(type.getName())),
          () -> rule.getDescription() + " does not find " + type + ": " + details);
    }
    for (String line : details) {
      assertTrue(
          List.of(planted).stream().anyMatch(type -> line.contains(type.getName())),
          () -> rule.getDescription() + " finds too much: " + line);
    }
  }

  private static List<String> details(ArchRule rule) {
    return rule.evaluate(PLANTED).getFailureReport().getDetails().stream()
        .sorted()
        .toList();
  }
}
