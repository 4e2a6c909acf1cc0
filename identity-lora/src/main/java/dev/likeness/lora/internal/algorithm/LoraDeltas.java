package dev.likeness.lora.internal.algorithm;

import dev.likeness.diffusion.internal.adapter.ModelComponent;
import dev.likeness.diffusion.request.TextualInversion;
import java.util.Collections;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.LongStream;
import java.util.stream.Stream;
import org.bytedeco.pytorch.Tensor;

/**
 * The changes that a LoRA file makes to a model.
 *
 * @param weights the delta of the weight of each layer
 * @param biases the difference of the bias of each layer, [channels]
 * @param textualInversions the textual inversions of the file
 * @param baseDependentBiases layers whose bias difference depends on the base's bias
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

  /** Returns the layers whose weight or bias changes. */
  public Set<TargetLayer> layers() {
    Set<TargetLayer> layers = new LinkedHashSet<>(weights.keySet());
    layers.addAll(biases.keySet());
    return layers;
  }

  /**
   * Refuses a model with other layers than {@code base}, for which the deltas were read. If a delta
   * depends on the values of the base, every other model is refused.
   *
   * @throws IllegalArgumentException if a layer differs; the message names the first one
   */
  public void requireCompatible(ModelComponent.Tensors model, ModelComponent.Tensors base) {
    if (model == base) {
      return;
    }
    layers().forEach(layer -> {
      List<Long> there = model.tensorNames(layer.component()).contains(layer.weight())
          ? LongStream.of(model.tensorShape(layer.component(), layer.weight()))
              .boxed()
              .toList()
          : List.of();
      if (!there.equals(layer.shape())) {
        throw new IllegalArgumentException("the LoRA was opened for another base: it changes "
            + layer.name() + " of shape " + layer.shape()
            + (there.isEmpty()
                ? ", which this base does not have"
                : ", which has shape " + there + " in this base")
            + "; open the LoRA for this base");
      }
    });
    Stream.concat(
            weights.keySet().stream().filter(layer -> dependsOnBase(weights.get(layer))),
            baseDependentBiases.stream())
        .findFirst()
        .ifPresent(layer -> {
          throw new IllegalArgumentException("the LoRA was opened for another base: its change of "
              + layer.name() + " depends on the weights of that base; open the LoRA for this base");
        });
  }

  /**
   * Refuses a delta that no change of weights can express.
   *
   * @throws dev.likeness.diffusion.error.InvalidInputException if there is one
   */
  public void requireWeights() {
    weights.values().forEach(change -> {
      if (change instanceof LoraDelta.Biased biased) {
        biased.deltaWeight(null);
      }
    });
  }

  /** Returns true if the difference depends on the weight of the base. */
  private static boolean dependsOnBase(WeightDelta change) {
    return change instanceof WiderInputDelta narrow
        ? dependsOnBase(narrow.delta())
        : change instanceof RowSliceDelta rows
            ? dependsOnBase(rows.whole())
            : !(change instanceof WeightDelta.Unmerged || change instanceof LohaDelta);
  }

  public LoraDeltas(
      Map<TargetLayer, WeightDelta> weights,
      Map<TargetLayer, Tensor> biases,
      List<TextualInversion> words) {
    this(weights, biases, words, Set.of());
  }

  /** Creates deltas without textual inversions. */
  public LoraDeltas(Map<TargetLayer, WeightDelta> weights, Map<TargetLayer, Tensor> biases) {
    this(weights, biases, List.of());
  }
}
