package dev.likeness.cli.command;

import com.fasterxml.jackson.jr.ob.JSON;
import dev.likeness.diffusion.catalogue.CatalogueModel;
import dev.likeness.diffusion.catalogue.CatalogueModel.Role;
import dev.likeness.diffusion.catalogue.ModelCatalogue;
import dev.likeness.diffusion.error.LikenessException;
import dev.likeness.diffusion.internal.file.ModelFile;
import dev.likeness.diffusion.internal.io.AtomicFile;
import dev.likeness.diffusion.internal.model.BaseDigest;
import dev.likeness.diffusion.internal.model.ModelOpener;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;

/**
 * The bases that {@code models get} has downloaded under a name of the catalogue, by their
 * {@link BaseDigest}. A base is recognised by it where the user has copied, moved or converted it.
 */
final class KnownBases {
  private static final String FILE = "known-bases.json";
  private static final long LARGEST = 1 << 20;

  private KnownBases() {}

  /** Records a downloaded base. A base that does not open is not recorded. */
  static void record(CatalogueModel model, Path files) {
    if (model.role() != Role.BASE) {
      return;
    }
    Optional<String> digest = digest(files);
    Map<String, Object> known = new TreeMap<>(read());
    if (digest.isPresent() && !model.name().equals(known.put(digest.get(), model.name()))) {
      AtomicFile.write(
          file(),
          out -> out.write(JSON.std.with(JSON.Feature.PRETTY_PRINT_OUTPUT).asBytes(known)));
    }
  }

  /** Returns the base of the catalogue that a path has the files of; empty for an unknown one. */
  static Optional<CatalogueModel> find(Path files) {
    Map<String, Object> known = read();
    return known.isEmpty()
        ? Optional.empty()
        : digest(files)
            .map(known::get)
            .map(String::valueOf)
            .flatMap(ModelCatalogue.builtIn()::find);
  }

  private static Optional<String> digest(Path files) {
    try {
      return Optional.of(BaseDigest.of(ModelOpener.open(files)));
    } catch (LikenessException | IllegalArgumentException e) {
      return Optional.empty();
    }
  }

  /** Returns the recorded names by digest. A file that cannot be read is like none. */
  private static Map<String, Object> read() {
    try {
      return Files.exists(file()) ? JSON.std.mapFrom(ModelFile.read(file(), LARGEST)) : Map.of();
    } catch (IOException | LikenessException e) {
      return Map.of();
    }
  }

  private static Path file() {
    return ModelPlaces.config().resolve(FILE);
  }
}
