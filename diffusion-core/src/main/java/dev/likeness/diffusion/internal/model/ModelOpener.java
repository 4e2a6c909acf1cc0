package dev.likeness.diffusion.internal.model;

import dev.likeness.diffusion.error.InvalidInputException;
import dev.likeness.diffusion.internal.family.ModelParts;
import java.nio.file.Files;
import java.nio.file.Path;

/** Finds out what lies at a path. */
public final class ModelOpener {
  private ModelOpener() {}

  /**
   * The model at {@code path}: a diffusers folder, a folder of the Hugging Face cache, or a single
   * file.
   *
   * @throws InvalidInputException when it is none of these
   */
  public static ModelParts open(Path path) {
    if (!Files.exists(path)) {
      throw new InvalidInputException(
          path + " does not exist; give a diffusers folder or a checkpoint file");
    }
    return Files.isDirectory(path) ? ModelFolder.open(path) : SingleFile.open(path);
  }
}
