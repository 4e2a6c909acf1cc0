package dev.likeness.diffusion.internal.family;

import dev.likeness.diffusion.internal.file.ModelConfig;
import dev.likeness.diffusion.internal.file.TensorNames;
import dev.likeness.diffusion.internal.file.TensorSource;
import dev.likeness.diffusion.tensor.Compute;
import java.util.List;
import java.util.Optional;

/** A kind of ControlNets of a family. */
public interface ControlNetKind {
  /** Classes in diffusers. */
  List<String> classNames();

  /** Returns true if it opens a class: one of {@link #classNames()}, or the authors' name of it. */
  default boolean supports(String className) {
    return classNames().contains(className);
  }

  /** Tensors that identify a file in diffusers' key format without its configuration. */
  List<String> signatures();

  /**
   * Detects a file in the authors' key format, with a configuration from its shapes; empty for
   * another file.
   */
  default Optional<ComponentDetector.Detected> detect(String fileName, TensorNames names) {
    return Optional.empty();
  }

  /** Opens a ControlNet and checks its tensors, which it then owns. */
  LoadedControlNet open(String name, ModelConfig config, TensorSource tensors, Compute compute);
}
