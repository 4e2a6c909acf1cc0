package dev.likeness.diffusion.internal.family;

import dev.likeness.diffusion.internal.file.ModelConfig;
import dev.likeness.diffusion.internal.file.TensorNames;
import dev.likeness.diffusion.internal.file.TensorSource;
import dev.likeness.diffusion.tensor.Compute;
import java.util.List;
import java.util.Optional;

/** A kind of ControlNets that a family has. */
public interface ControlNetKind {
  /** Classes in diffusers. */
  List<String> classNames();

  /** Whether it opens a class: one of {@link #classNames()}, or what authors call it. */
  default boolean supports(String className) {
    return classNames().contains(className);
  }

  /**
   * Tensors of which a file in diffusers' key format has one, by which it is told without its
   * configuration.
   */
  List<String> signatures();

  /**
   * The ControlNet of a file in its authors' key format, its configuration read from shapes; empty
   * for another file.
   */
  default Optional<ComponentDetector.Detected> detect(String fileName, TensorNames names) {
    return Optional.empty();
  }

  /** Opens a ControlNet, which owns its tensors then, and checks each of them. */
  LoadedControlNet open(String name, ModelConfig config, TensorSource tensors, Compute compute);
}
