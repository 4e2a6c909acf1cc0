package dev.likeness.cli.command;

import dev.likeness.cli.console.Console;
import dev.likeness.diffusion.BaseModel;
import dev.likeness.diffusion.catalogue.BaseKind;
import dev.likeness.diffusion.catalogue.CatalogueModel;
import dev.likeness.diffusion.catalogue.CatalogueModel.Role;
import dev.likeness.diffusion.request.GenerationDefaults;
import dev.likeness.diffusion.request.ImageRequest;
import dev.likeness.headshots.shoot.ShootRequest;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.OptionalInt;

/**
 * The catalogue's settings for a base that it knows, in place of options that the user did not
 * give.
 *
 * @param name the base as the catalogue knows it
 * @param steps the number of steps; empty if the user gave one, or the catalogue has none
 * @param guidance the guidance scale, in the same way
 * @param scheduler the scheduler, in the same way
 */
record CatalogueRecipe(
    String name, OptionalInt steps, OptionalDouble guidance, Optional<String> scheduler) {
  private static final CatalogueRecipe NONE =
      new CatalogueRecipe("", OptionalInt.empty(), OptionalDouble.empty(), Optional.empty());

  /**
   * A base of the catalogue whose settings suit the user's base.
   *
   * @param isSame true if the user's base is this very base, false if it is of the same kind
   */
  record Known(CatalogueModel model, boolean isSame) {
    /** Returns the base for a line about its settings. */
    String name() {
      return isSame ? model.name() : "bases such as " + model.name();
    }

    private boolean isDistilled() {
      return model.kind().filter(BaseKind::isDistilled).isPresent();
    }
  }

  /** Which settings of an image the user gave, so that they are kept. */
  record Given(boolean steps, boolean guidance, boolean scheduler) {}

  /**
   * Returns the settings for an image on a base of the catalogue. Other bases have the settings of
   * their kind by {@link BaseModel#defaults()}.
   *
   * @param isPlain true if the image is generated from a prompt alone; the catalogue's guidance is
   *     for such images, unless the base is distilled
   */
  static CatalogueRecipe ofImage(BaseOptions base, Given given, boolean isPlain) {
    return base.catalogued()
        .map(model -> of(new Known(model, true), given, isPlain))
        .orElse(NONE);
  }

  private static CatalogueRecipe of(Known known, Given given, boolean isPlain) {
    CatalogueModel model = known.model();
    return new CatalogueRecipe(
        known.name(),
        given.steps() ? OptionalInt.empty() : model.steps(),
        given.guidance() || !isPlain && !known.isDistilled()
            ? OptionalDouble.empty()
            : model.guidance(),
        // A scheduler suits the very weights that it was tried with.
        given.scheduler() || !known.isSame() ? Optional.empty() : model.scheduler());
  }

  /**
   * Returns the settings for headshots: those of bases that need fewer steps than others, or no
   * guidance. Other bases take the steps and guidance of headshots and their styles.
   */
  static CatalogueRecipe ofHeadshots(BaseOptions base, boolean hasSteps, boolean hasGuidance) {
    CatalogueRecipe image = base.known()
        .map(known -> of(known, new Given(hasSteps, hasGuidance, true), true))
        .orElse(NONE);
    return new CatalogueRecipe(
        image.name,
        image.steps.isPresent() && image.steps.getAsInt() < ShootRequest.STEPS
            ? image.steps
            : OptionalInt.empty(),
        image.guidance.isPresent() && image.guidance.getAsDouble() <= 1
            ? image.guidance
            : OptionalDouble.empty(),
        Optional.empty());
  }

  ImageRequest apply(ImageRequest request) {
    ImageRequest counted = steps.isPresent() ? request.steps(steps.getAsInt()) : request;
    ImageRequest planned = scheduler.map(counted::scheduler).orElse(counted);
    return guidance.isPresent() ? planned.guidance(guidance.getAsDouble()) : planned;
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
    scheduler.ifPresent(own -> taken.add("--scheduler \"" + own + "\""));
    tell(name, taken, console);
  }

  /**
   * Says in one line which defaults of a base are the catalogue's settings for bases of its kind.
   *
   * @param request the request before its defaults are filled in, with the settings that the
   *     catalogue has for the very base
   */
  static void tellOfKind(BaseModel model, ImageRequest request, Given given, Console console) {
    model.recipe().ifPresent(known -> {
      GenerationDefaults own = model.defaults(request);
      List<String> taken = new ArrayList<>();
      if (!given.steps()
          && request.steps().isEmpty()
          && known.steps().equals(OptionalInt.of(own.steps()))) {
        taken.add("--steps " + own.steps());
      }
      if (!given.guidance()
          && request.guidance().isEmpty()
          && known.guidance().equals(OptionalDouble.of(own.guidance()))) {
        taken.add("--guidance " + own.guidance());
      }
      tell(new Known(known, false).name(), taken, console);
    });
  }

  /**
   * Returns the weight of a model that the catalogue knows, and says in one line that it is taken.
   *
   * @param role what the model is for
   * @param file where it is
   * @param option what the user would write before the weight
   */
  static OptionalDouble weight(Role role, Path file, String option, Console console) {
    Optional<CatalogueModel> known = ModelPlaces.inCache(role, file);
    OptionalDouble weight = known.map(CatalogueModel::weight).orElse(OptionalDouble.empty());
    weight.ifPresent(each -> tell(known.get().name(), List.of(option + each), console));
    return weight;
  }

  /** Says in one line which settings of the catalogue were taken; nothing if there are none. */
  static void tell(String name, List<String> taken, Console console) {
    if (!taken.isEmpty()) {
      console
          .err()
          .println("the catalogue's settings for " + name + ": " + String.join(" ", taken));
    }
  }
}
