package dev.likeness.lora.internal.algorithm;

import dev.likeness.diffusion.internal.adapter.ModelComponent;
import dev.likeness.diffusion.request.TextualInversion;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.LongStream;
import java.util.stream.Stream;
import org.bytedeco.pytorch.Tensor;

/**
 * What a file does to a model.
 *
 * @param weights the change of each layer's weight
 * @param biases the difference of each layer's bias, [channels]
 * @param textualInversions that prompts may name
 * @param baseDependentBiases layers whose bias's difference follows from the base's
 */
public record LoraDeltas(
    Map<TargetLayer, WeightDelta> weights,
    Map<TargetLayer, Tensor> biases,
    List<TextualInversion> textualInversions,
    Set<TargetLayer> baseDependentBiases) {
  public LoraDeltas {
    weights = Collections.unmodifiableMap(weights);
    biases = Collections.unmodifiableMap(biases);
    textualInversions = List.copyOf(textualInversions);
    baseDependentBiases = Set.copyOf(baseDependentBiases);
  }

  /**
   * Refuses a model that has other layers than {@code base}, which these were read for, or, where a
   * change follows from the base's numbers, is another.
   *
   * @throws IllegalArgumentException naming the first such layer
   */
  public void requireCompatible(ModelComponent.Tensors model, ModelComponent.Tensors base) {
    if (model == base) {
      return;
    }
    Stream.concat(weights.keySet().stream(), biases.keySet().stream()).forEach(layer -> {
      List<Long> there = model.tensorNames(layer.component()).contains(layer.weight())
          ? LongStream.of(model.tensorShape(layer.component(), layer.weight()))
              .boxed()
              .toList()
          : List.of();
      if (!there.equals(layer.shape())) {
        throw new IllegalArgumentException("the LoRA was opened for another base: it changes "
            + layer.name() + " of shape " + layer.shape()
            + (there.isEmpty() ? ", which this base has not" : ", here " + there)
            + "; open it for this base");
      }
    });
    Stream.concat(
            weights.keySet().stream().filter(layer -> dependsOnBase(weights.get(layer))),
            baseDependentBiases.stream())
        .findFirst()
        .ifPresent(layer -> {
          throw new IllegalArgumentException("the LoRA was opened for another base: its change of "
              + layer.name() + " follows from that base's own numbers; open it for this base");
        });
  }

  /** Whether the difference follows from the weight, as of all kinds but these. */
  private static boolean dependsOnBase(WeightDelta change) {
    return change instanceof ReshapedDelta narrow
        ? dependsOnBase(narrow.delta())
        : change instanceof ReshapedDelta.RowSlice rows
            ? dependsOnBase(rows.whole())
            : !(change instanceof WeightDelta.Unmerged || change instanceof LohaDelta);
  }

  public LoraDeltas(
      Map<TargetLayer, WeightDelta> weights,
      Map<TargetLayer, Tensor> biases,
      List<TextualInversion> words) {
    this(weights, biases, words, Set.of());
  }

  /** Without words. */
  public LoraDeltas(Map<TargetLayer, WeightDelta> weights, Map<TargetLayer, Tensor> biases) {
    this(weights, biases, List.of());
  }
}
