package dev.likeness.cli.inspect;

import dev.likeness.diffusion.error.InvalidInputException;
import dev.likeness.provenance.Provenance;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;

/** Inspects the content credentials of an image. */
final class ImageInspection {
  static final String KIND = "image";

  private ImageInspection() {}

  static CheckpointInspection of(Path file, String format) {
    try {
      Provenance found = Provenance.inspect(file);
      List<String> problems = !found.isAltered()
          ? List.of()
          : found.manifest().orElseThrow().isWeak()
              ? List.of(
                  file + " is signed with a key or digest too weak to trust; ask for one that "
                      + "is signed anew")
              : List.of(file + " was altered after it was signed, or its "
                  + "manifest is broken: "
                  + String.join(", ", found.manifest().orElseThrow().faults())
                  + "; ask for the original file");
      return new CheckpointInspection(
          file, KIND, "none", format, 0, Map.of(), found.toMap(), problems);
    } catch (InvalidInputException e) {
      return new CheckpointInspection(
          file, KIND, "none", format, 0, Map.of(), Map.of(), List.of(e.getMessage()));
    }
  }
}
