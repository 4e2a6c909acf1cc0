package dev.likeness.cli.command;

import dev.likeness.cli.console.Console;
import dev.likeness.diffusion.catalogue.CatalogueModel;
import dev.likeness.diffusion.request.ImageRequest;
import dev.likeness.headshots.shoot.ShootRequest;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.OptionalInt;

/**
 * The catalogue's settings for a base that it knows, in place of options that the user did not
 * give.
 *
 * @param name the base's name in the catalogue
 * @param steps the number of steps; empty if the user gave one, or the catalogue has none
 * @param guidance the guidance scale, in the same way
 */
record CatalogueRecipe(String name, OptionalInt steps, OptionalDouble guidance) {
  private static final CatalogueRecipe NONE =
      new CatalogueRecipe("", OptionalInt.empty(), OptionalDouble.empty());

  /** Returns the settings for an image. */
  static CatalogueRecipe ofImage(BaseOptions base, boolean hasSteps, boolean hasGuidance) {
    Optional<CatalogueModel> known = base.catalogued();
    return known.isEmpty()
        ? NONE
        : new CatalogueRecipe(
            known.get().name(),
            hasSteps ? OptionalInt.empty() : known.get().steps(),
            hasGuidance ? OptionalDouble.empty() : known.get().guidance());
  }

  /**
   * Returns the settings for headshots: those of bases that need fewer steps than others, or no
   * guidance. Other bases take the steps and guidance of headshots and their styles.
   */
  static CatalogueRecipe ofHeadshots(BaseOptions base, boolean hasSteps, boolean hasGuidance) {
    CatalogueRecipe image = ofImage(base, hasSteps, hasGuidance);
    return new CatalogueRecipe(
        image.name,
        image.steps.isPresent() && image.steps.getAsInt() < ShootRequest.STEPS
            ? image.steps
            : OptionalInt.empty(),
        image.guidance.isPresent() && image.guidance.getAsDouble() <= 1
            ? image.guidance
            : OptionalDouble.empty());
  }

  ImageRequest apply(ImageRequest request) {
    ImageRequest counted = steps.isPresent() ? request.steps(steps.getAsInt()) : request;
    return guidance.isPresent() ? counted.guidance(guidance.getAsDouble()) : counted;
  }

  ShootRequest apply(ShootRequest request) {
    ShootRequest counted = steps.isPresent() ? request.steps(steps.getAsInt()) : request;
    return guidance.isPresent() ? counted.guidance(guidance.getAsDouble()) : counted;
  }

  /** Says in one line which settings were taken. */
  void tell(Console console) {
    List<String> taken = new ArrayList<>();
    steps.ifPresent(number -> taken.add("--steps " + number));
    guidance.ifPresent(scale -> taken.add("--guidance " + scale));
    if (!taken.isEmpty()) {
      console
          .err()
          .println("the catalogue's settings for " + name + ": " + String.join(" ", taken));
    }
  }
}
