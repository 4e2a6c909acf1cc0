package dev.likeness.lora;

import dev.likeness.lora.change.Change;
import dev.likeness.lora.change.Layer;
import java.util.Collections;
import java.util.Map;
import org.bytedeco.pytorch.Tensor;

/**
 * What a file does to a model.
 *
 * @param weights the change of each layer's weight
 * @param biases the difference of each layer's bias, [channels]
 */
record LoraChanges(Map<Layer, Change> weights, Map<Layer, Tensor> biases) {
  LoraChanges {
    weights = Collections.unmodifiableMap(weights);
    biases = Collections.unmodifiableMap(biases);
  }
}
