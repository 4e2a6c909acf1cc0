package dev.likeness.diffusion.internal.model;

import dev.likeness.diffusion.error.InvalidInputException;
import dev.likeness.diffusion.internal.family.ControlNetKind;
import dev.likeness.diffusion.request.ControlNet;
import dev.likeness.diffusion.tensor.Compute;
import java.nio.file.Path;

/** Opens ControlNets of all families. */
public final class ControlNetOpener {
  private ControlNetOpener() {}

  /**
   * Opens a folder or a file, and checks every tensor.
   *
   * @throws InvalidInputException when something is missing, broken, or of a class that is not
   *     supported
   */
  public static ControlNet open(Path path, Compute compute) {
    ComponentFile found = ComponentFile.find(null, "controlnet", path);
    ControlNetKind kind = FamilyRegistry.controlNets().stream()
        .filter(each -> each.opens(found.className()))
        .findFirst()
        .orElseThrow(() ->
            new InvalidInputException(path + " is a " + found.className() + "; supported: "
                + String.join(
                    ", ",
                    FamilyRegistry.controlNets().stream()
                        .flatMap(each -> each.classNames().stream())
                        .toList())));
    return kind.open(
        String.valueOf(path.getFileName()), found.config(), found.weights().get(), compute);
  }
}
