package dev.likeness.cli.inspect;

import dev.likeness.diffusion.internal.file.TensorNames;
import java.util.List;
import java.util.Optional;

/** The rank of a LoRA: the rows of its down factors. */
final class LoraRank {
  private static final List<String> DOWN_KEYS =
      List.of(".lora_A", ".lora_down", ".lora.down", "_lora.down", ".down.weight");

  private LoraRank() {}

  /** Returns the largest rank in the file; empty if its factors are not pairs. */
  static Optional<Long> of(TensorNames tensors) {
    return tensors.names().stream()
        .filter(name -> DOWN_KEYS.stream().anyMatch(name::contains))
        .map(tensors::shape)
        .filter(shape -> shape.length >= 2)
        .map(shape -> shape[0])
        .max(Long::compare);
  }
}
