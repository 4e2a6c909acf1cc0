package dev.likeness.cli.command;

import dev.likeness.cli.console.Console;
import dev.likeness.cli.console.TypedCommand;
import dev.likeness.diffusion.catalogue.CatalogueModel;
import dev.likeness.diffusion.error.InvalidInputException;
import java.nio.file.Path;
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
    Optional<CatalogueModel> known = base.catalogued();
    known.flatMap(CatalogueModel::trainingBase).ifPresent(other -> {
      String name = known.get().name();
      throw new InvalidInputException("the catalogue trains on " + other + ", not on " + name
          + ", which is distilled: " + TypedCommand.of("models get " + other)
          + ", train with --base " + other
          + ", then use the person's file with --base " + name);
    });
    return known.flatMap(CatalogueModel::trainingAdapter).map(adapter -> {
      Path file = find(adapter)
          .orElseThrow(() -> new InvalidInputException("the catalogue trains on "
              + known.get().name() + " with " + adapter + ", which is not on this machine; get it"
              + " once with: " + TypedCommand.of("models get " + adapter)));
      console
          .err()
          .println("the catalogue's settings for " + known.get().name() + ": --training-adapter "
              + adapter);
      return file;
    });
  }

  private static Optional<Path> find(String name) {
    return CatalogueName.of(name).flatMap(ModelPlaces::onlyOne);
  }
}
