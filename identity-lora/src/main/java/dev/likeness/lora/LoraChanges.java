package dev.likeness.lora;

import dev.likeness.diffusion.text.TextualInversion;
import dev.likeness.lora.change.Change;
import dev.likeness.lora.change.Layer;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import org.bytedeco.pytorch.Tensor;

/**
 * What a file does to a model.
 *
 * @param weights the change of each layer's weight
 * @param biases the difference of each layer's bias, [channels]
 * @param words that prompts may name
 */
record LoraChanges(Map<Layer, Change> weights, Map<Layer, Tensor> biases, List<TextualInversion> words) {
  LoraChanges {
    weights = Collections.unmodifiableMap(weights);
    biases = Collections.unmodifiableMap(biases);
    words = List.copyOf(words);
  }

  /** Without words. */
  LoraChanges(Map<Layer, Change> weights, Map<Layer, Tensor> biases) {
    this(weights, biases, List.of());
  }
}
