package dev.likeness.cli.command;

import dev.likeness.cli.console.Console;
import dev.likeness.cli.console.TypedCommand;
import dev.likeness.diffusion.BaseModel;
import dev.likeness.diffusion.catalogue.CatalogueModel;
import dev.likeness.diffusion.error.InvalidInputException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/** What the catalogue says of training on a base: with which adapter, or on which other base. */
final class TrainingRecipe {
  private TrainingRecipe() {}

  /**
   * Returns the training adapter for a base, and says in one line that it is taken.
   *
   * @return the file; empty if the catalogue does not know the base, or has no adapter for it
   * @throws InvalidInputException if the person is trained on another base, if the adapter is not
   *     on this machine (the message has the command that gets it), or if several files of it are
   */
  static Optional<Path> adapter(BaseOptions base, Console console) {
    // Nobody needs to get a base that is then refused.
    base.named().ifPresent(TrainingRecipe::requireTrainable);
    Optional<CatalogueModel> known = base.catalogued();
    known.ifPresent(TrainingRecipe::requireTrainable);
    if (known.isPresent()) {
      return known
          .flatMap(CatalogueModel::trainingAdapter)
          .map(adapter -> taken(
              adapter,
              known.get().name(),
              find(adapter)
                  .orElseThrow(() -> new InvalidInputException("the catalogue trains on "
                      + known.get().name() + " with " + adapter + ", which is not on this machine;"
                      + " get it once with: " + TypedCommand.of("models get " + adapter))),
              console));
    }
    // A base of the same kind may have another size, so a missing adapter is not demanded.
    return base.known()
        .flatMap(kind -> kind.model()
            .trainingAdapter()
            .flatMap(
                adapter -> find(adapter).map(file -> taken(adapter, kind.name(), file, console))));
  }

  private static void requireTrainable(CatalogueModel model) {
    model.trainingBase().ifPresent(other -> {
      throw new InvalidInputException("the catalogue trains on " + other + ", not on "
          + model.name() + ", which is distilled: " + TypedCommand.of("models get " + other)
          + ", train with --base " + other
          + ", then use the person's file with --base " + model.name());
    });
  }

  private static Path taken(String adapter, String name, Path file, Console console) {
    CatalogueRecipe.tell(name, List.of("--training-adapter " + adapter), console);
    return file;
  }

  /**
   * Says in one line which settings of the catalogue the training of a LoRA takes.
   *
   * @param hasSteps true if the user gave the number of steps
   */
  static void tell(BaseModel model, boolean hasSteps, Console console) {
    model.recipe().ifPresent(known -> {
      List<String> taken = new ArrayList<>();
      known.learningRate().ifPresent(rate -> taken.add("learning rate " + rate));
      known.trainingRank().ifPresent(rank -> taken.add("rank " + rank));
      if (!hasSteps) {
        known.stepsPerPhoto().ifPresent(steps -> taken.add((int) steps + " steps a photo"));
      }
      CatalogueRecipe.tell(
          "training on bases such as " + known.name(),
          taken.isEmpty() ? taken : List.of(String.join(", ", taken)),
          console);
    });
  }

  private static Optional<Path> find(String name) {
    return CatalogueName.of(name).flatMap(ModelPlaces::onlyOne);
  }
}
