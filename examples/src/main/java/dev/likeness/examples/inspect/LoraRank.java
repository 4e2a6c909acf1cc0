package dev.likeness.examples.inspect;

import dev.likeness.diffusion.weights.TensorEntry;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** The rank of a LoRA: the rows of its down factors. */
final class LoraRank {
  private static final List<String> DOWN = List.of(".lora_A", ".lora_down", ".lora.down", "_lora.down", ".down.weight");

  private LoraRank() {}

  /** The largest rank in the file; empty for files whose factors are not plain pairs. */
  static Optional<Long> of(Map<String, TensorEntry> tensors) {
    return tensors.entrySet().stream().filter(e -> DOWN.stream().anyMatch(e.getKey()::contains))
        .map(e -> e.getValue().shape()).filter(shape -> shape.size() >= 2).map(shape -> shape.get(0))
        .max(Long::compare);
  }
}
