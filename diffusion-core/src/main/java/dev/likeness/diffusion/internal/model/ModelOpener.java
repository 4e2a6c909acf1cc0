package dev.likeness.diffusion.internal.model;

import dev.likeness.diffusion.error.InvalidInputException;
import dev.likeness.diffusion.internal.family.ModelComponents;
import dev.likeness.diffusion.internal.family.ModelFamily.ControlNetKind;
import dev.likeness.diffusion.internal.file.Quoted;
import dev.likeness.diffusion.internal.file.RepositoryFolder;
import dev.likeness.diffusion.request.ControlNet;
import dev.likeness.diffusion.tensor.Compute;
import java.nio.file.Files;
import java.nio.file.Path;

/** Detects and opens base models and ControlNets of all families at a path. */
public final class ModelOpener {
  private ModelOpener() {}

  /**
   * The model at {@code path}: a diffusers folder, a folder of the Hugging Face cache, or a single
   * file.
   *
   * @throws InvalidInputException if it is none of these
   */
  public static ModelComponents open(Path path) {
    if (!Files.exists(path)) {
      throw new InvalidInputException(
          path + " does not exist; give a diffusers folder or a checkpoint file");
    }
    return Files.isDirectory(path) ? ModelFolder.open(path) : SingleFile.open(path);
  }

  /**
   * Opens the folder or file of a ControlNet, and checks every tensor. A folder of the Hugging Face
   * cache stands for its snapshot.
   *
   * @throws InvalidInputException if a file is missing or broken, or its class is not supported
   */
  public static ControlNet controlNet(Path path, Compute compute) {
    ComponentFile found =
        ComponentFile.find(null, "controlnet", RepositoryFolder.HubCache.snapshot(path));
    ControlNetKind kind = FamilyRegistry.controlNets().stream()
        .filter(each -> each.supports(found.className()))
        .findFirst()
        .orElseThrow(() -> new InvalidInputException(
            path + " is a " + Quoted.value(found.className()) + "; supported: "
                + String.join(
                    ", ",
                    FamilyRegistry.controlNets().stream()
                        .flatMap(each -> each.classNames().stream())
                        .toList())));
    return FamilyRegistry.build(
        path.toString(),
        () -> kind.open(
            String.valueOf(path.getFileName()), found.config(), found.weights().get(), compute));
  }
}
