package dev.likeness.lora;

import dev.likeness.diffusion.adapt.PartTensors;
import dev.likeness.diffusion.text.TextualInversion;
import dev.likeness.lora.change.Change;
import dev.likeness.lora.change.Layer;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.stream.LongStream;
import java.util.stream.Stream;
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

  /**
   * Refuses a model that has other layers than {@code base}, which these were read for.
   *
   * @throws IllegalArgumentException naming the first such layer
   */
  void requireFor(PartTensors model, PartTensors base) {
    if (model == base) {
      return;
    }
    Stream.concat(weights.keySet().stream(), biases.keySet().stream()).forEach(layer -> {
      List<Long> there = model.tensorNames(layer.part()).contains(layer.weight())
          ? LongStream.of(model.tensorShape(layer.part(), layer.weight())).boxed().toList() : List.of();
      if (!there.equals(layer.shape())) {
        throw new IllegalArgumentException("the LoRA was opened for another base: it changes " + layer.name() + " of shape "
            + layer.shape() + (there.isEmpty() ? ", which this base has not" : ", here " + there) + "; open it for this base");
      }
    });
  }

  /** Without words. */
  LoraChanges(Map<Layer, Change> weights, Map<Layer, Tensor> biases) {
    this(weights, biases, List.of());
  }
}
