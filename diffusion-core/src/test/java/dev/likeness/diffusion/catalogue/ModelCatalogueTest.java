package dev.likeness.diffusion.catalogue;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.likeness.diffusion.catalogue.CatalogueModel.Commercial;
import dev.likeness.diffusion.catalogue.CatalogueModel.Role;
import dev.likeness.diffusion.internal.model.FamilyRegistry;
import java.time.LocalDate;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;

/** Every fact of the catalogue names the page where it was read, and every base opens. */
class ModelCatalogueTest {
  private static final ModelCatalogue CATALOGUE = ModelCatalogue.builtIn();
  private static final Set<String> FACTS =
      Set.of("repository", "file", "family", "licence", "purpose", "settings", "training");

  @Test
  void namesAndAddressesAreUnique() {
    Set<String> seen = new HashSet<>();
    for (CatalogueModel model : CATALOGUE.models()) {
      assertTrue(seen.add(model.name()), model.name());
      assertTrue(seen.add(model.address()), model.address());
      assertTrue(model.name().matches("[a-z0-9-]+"), model.name());
      assertTrue(model.repository().matches("[\\w.-]+/[\\w.-]+"), model.repository());
    }
  }

  @Test
  void everyFactHasItsPageAndDate() {
    for (CatalogueModel model : CATALOGUE.models()) {
      Set<String> told = model.sources().stream()
          .flatMap(source -> source.facts().stream())
          .collect(Collectors.toSet());
      assertTrue(FACTS.containsAll(told), model + ": " + told);
      assertTrue(told.contains("repository"), model + " has a repository without a page");
      requirePage(model, told, "file", model.file().isPresent());
      requirePage(model, told, "family", model.family().isPresent());
      requirePage(model, told, "licence", model.licence().isPresent());
      requirePage(
          model,
          told,
          "training",
          model.learningRate().isPresent()
              || model.trainingRank().isPresent()
              || model.stepsPerPhoto().isPresent()
              || model.trainingAdapter().isPresent()
              || model.trainingBase().isPresent());
      requirePage(
          model,
          told,
          "settings",
          model.steps().isPresent()
              || model.guidance().isPresent()
              || model.scheduler().isPresent()
              || model.size().isPresent()
              || model.weight().isPresent());
      for (CatalogueModel.Source source : model.sources()) {
        assertTrue(
            source.page().startsWith("https://") || source.page().startsWith("diffusers "),
            source.page());
        assertTrue(source.read().isAfter(LocalDate.of(2026, 1, 1)), source.toString());
        assertFalse(source.facts().isEmpty(), source.toString());
      }
    }
  }

  private static void requirePage(
      CatalogueModel model, Set<String> told, String fact, boolean isKnown) {
    assertEquals(
        isKnown,
        told.contains(fact),
        model + ": a fact has a page, and a page gives a fact: " + fact);
  }

  @Test
  void everyFamilyOpens() {
    Set<String> known = FamilyRegistry.variants().stream()
        .map(variant -> variant.name())
        .collect(Collectors.toSet());
    for (CatalogueModel model : CATALOGUE.models()) {
      model.family().ifPresent(family -> assertTrue(known.contains(family), model.toString()));
      if (model.role() == Role.BASE) {
        assertTrue(model.family().isPresent(), model + " has no family");
      }
    }
    Set<String> bases = CATALOGUE.models(Role.BASE).stream()
        .map(model -> model.family().orElseThrow())
        .collect(Collectors.toSet());
    assertEquals(
        Set.of("sd1", "sd2", "sdxl", "sdxl-refiner", "sd3", "flux", "flux2", "z-image", "chroma"),
        bases);
  }

  @Test
  void modelsAreFoundByNameAndAddress() {
    CatalogueModel sdxl = CATALOGUE.find("SDXL").orElseThrow();
    assertEquals("stabilityai/stable-diffusion-xl-base-1.0", sdxl.address());
    assertEquals(Optional.of(sdxl), CATALOGUE.find(sdxl.address()));
    assertEquals(Optional.empty(), CATALOGUE.find("sdlx"));
    assertEquals(1024, sdxl.size().getAsInt());
    assertEquals(5.0, sdxl.guidance().getAsDouble());
  }

  @Test
  void basesOfAKindTakeTheSettingsOfTheFirst() {
    for (CatalogueModel model : CATALOGUE.models(Role.BASE)) {
      // Playground's prediction is that of EDM, which its configuration does not state.
      assertEquals(!model.name().equals("playground"), model.kind().isPresent(), model.toString());
      model
          .kind()
          .ifPresent(kind -> assertEquals(
              model.family(), CATALOGUE.find(kind).orElseThrow().family(), model.toString()));
    }
    assertEquals(
        "sdxl",
        CATALOGUE
            .find(new BaseKind("sdxl", "text-to-image", "epsilon", false))
            .orElseThrow()
            .name());
    assertEquals(Optional.empty(), CATALOGUE.find(new BaseKind("sdxl", "depth", "epsilon", false)));
    CatalogueModel sdxl = CATALOGUE.find("sdxl").orElseThrow();
    assertEquals(1e-4, sdxl.learningRate().getAsDouble());
    assertEquals(100, sdxl.stepsPerPhoto().getAsDouble());
    assertTrue(sdxl.trainingRank().isEmpty(), "no page gave it");
  }

  @Test
  void trainingNamesModelsOfTheCatalogue() {
    for (CatalogueModel model : CATALOGUE.models()) {
      for (Optional<String> name : List.of(model.trainingAdapter(), model.trainingBase())) {
        name.ifPresent(each -> {
          CatalogueModel other = CATALOGUE.find(each).orElseThrow();
          assertEquals(model.family(), other.family(), model + " and " + other);
          assertEquals(
              model.trainingBase().isPresent() ? Role.BASE : Role.ACCELERATOR, other.role());
          assertTrue(
              model.sources().stream().anyMatch(source -> source.facts().contains("training")),
              model.toString());
        });
      }
    }
    assertEquals(
        Optional.of("z-image-training-adapter"),
        CATALOGUE.find("z-image-turbo").orElseThrow().trainingAdapter());
    assertEquals(
        Optional.of("klein-base-4b"), CATALOGUE.find("klein-4b").orElseThrow().trainingBase());
  }

  @Test
  void licencesSayWhatTheyAllow() {
    assertEquals(
        Commercial.NO,
        CATALOGUE.find("flux-dev").orElseThrow().licence().orElseThrow().commercial());
    assertEquals(
        Commercial.CONDITIONS,
        CATALOGUE.find("sd35-large").orElseThrow().licence().orElseThrow().commercial());
    assertTrue(CATALOGUE.find("flux-schnell").orElseThrow().isCommercial());
    assertEquals(
        Commercial.NO,
        CATALOGUE.find("flux-kontext").orElseThrow().licence().orElseThrow().commercial());
    assertEquals(
        Commercial.NO,
        CATALOGUE.find("klein-base-9b").orElseThrow().licence().orElseThrow().commercial());
    assertFalse(
        CATALOGUE.find("hyper-sdxl").orElseThrow().isCommercial(), "no page told the licence");
    assertEquals(
        List.of("detector"),
        CATALOGUE.models(Role.DETECTOR).stream()
            .map(model -> model.role().label())
            .toList());
  }
}
