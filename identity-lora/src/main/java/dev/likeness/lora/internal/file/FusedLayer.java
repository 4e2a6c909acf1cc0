package dev.likeness.lora.internal.file;

import dev.likeness.lora.internal.algorithm.RowSliceDelta;
import dev.likeness.lora.internal.algorithm.TargetLayer;
import dev.likeness.lora.internal.algorithm.WeightDelta;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Function;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorVector;
import org.bytedeco.pytorch.global.torch;

/**
 * One layer of the original transformer that is several layers in diffusers. Used for deltas whose
 * factors cannot be split by rows.
 *
 * @param layer the fused layer, under its original name
 * @param parts the layers of the model, from the first row down
 * @param halvesSwapped true if its first half of rows is the second half in diffusers
 */
record FusedLayer(TargetLayer layer, List<TargetLayer> parts, boolean halvesSwapped) {
  static FusedLayer of(String path, List<TargetLayer> parts, boolean halvesSwapped) {
    List<Long> shape = new ArrayList<>(parts.get(0).shape());
    shape.set(0, parts.stream().mapToLong(TargetLayer::out).sum());
    return new FusedLayer(
        new TargetLayer(parts.get(0).component(), path, shape), parts, halvesSwapped);
  }

  /**
   * Returns the delta of each part.
   *
   * @param weight returns the weight of a layer of the model, f32 on the CPU
   */
  Map<TargetLayer, WeightDelta> deltas(WeightDelta whole, Function<TargetLayer, Tensor> weight) {
    Map<TargetLayer, WeightDelta> changes = new LinkedHashMap<>();
    long from = 0;
    for (TargetLayer part : parts) {
      changes.put(
          part,
          RowSliceDelta.of(whole, () -> concatWeights(weight), from, part.out(), halvesSwapped));
      from += part.out();
    }
    return changes;
  }

  /** Returns the difference of the bias of each part. */
  Map<TargetLayer, Tensor> biases(Tensor whole) {
    Tensor rows = halvesSwapped ? RowSliceDelta.swapHalves(whole) : whole;
    Map<TargetLayer, Tensor> biases = new LinkedHashMap<>();
    long from = 0;
    for (TargetLayer part : parts) {
      biases.put(part, rows.narrow(0, from, part.out()));
      from += part.out();
    }
    return biases;
  }

  private Tensor concatWeights(Function<TargetLayer, Tensor> weight) {
    TensorVector rows = new TensorVector();
    parts.forEach(part -> rows.push_back(weight.apply(part)));
    Tensor all = torch.cat(rows, 0);
    return halvesSwapped ? RowSliceDelta.swapHalves(all) : all;
  }
}
