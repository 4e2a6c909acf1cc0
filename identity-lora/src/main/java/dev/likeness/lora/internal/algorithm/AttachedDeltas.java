package dev.likeness.lora.internal.algorithm;

import dev.likeness.diffusion.error.ResourceLimitException;
import dev.likeness.diffusion.internal.adapter.Adaptation;
import dev.likeness.diffusion.internal.adapter.AdapterLayer;
import dev.likeness.diffusion.internal.adapter.ModelComponent;
import dev.likeness.diffusion.internal.family.OpenModel;
import dev.likeness.diffusion.internal.tensor.TensorRegion;
import dev.likeness.diffusion.internal.tensor.TensorScope;
import dev.likeness.diffusion.internal.tensor.Tensors;
import dev.likeness.diffusion.tensor.Compute;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;

/**
 * A LoRA's changes where a model computes. Low-rank ones and Kronecker products stay as factors;
 * every other kind becomes the difference that it makes to the base's own weight, once, and is held
 * here. Differences to the base do not depend on one another, so several LoRAs add up in any order.
 */
public final class AttachedDeltas {
  private final Map<ModelComponent, Map<String, WeightDelta.Unmerged>> unmergedDeltas =
      new HashMap<>();
  private final Map<ModelComponent, Map<String, Tensor>> vectorDeltas = new HashMap<>();
  private final Compute compute;
  private final TensorRegion region = new TensorRegion();
  private final OpenModel base;
  private long bytes;

  /** @param owner of what is placed, which is all or, after an exception, nothing */
  public AttachedDeltas(LoraDeltas changes, OpenModel base, Compute compute, TensorRegion owner) {
    this.compute = compute;
    this.base = base;
    try {
      changes.weights().forEach(this::place);
      changes.biases().forEach((layer, bias) -> addVector(layer, layer.bias(), bias));
      owner.adopt(region);
    } finally {
      region.close();
    }
  }

  private void place(TargetLayer layer, WeightDelta change) {
    try (TensorScope scope = TensorScope.open()) {
      if (layer.isNorm()) {
        addVector(layer, layer.weight(), change.deltaWeight(layer.readF32(base)));
      } else {
        WeightDelta.Unmerged side =
            change instanceof WeightDelta.Unmerged s && !(change instanceof FullDelta)
                ? s
                : fullDelta(layer, change);
        unmergedDeltas
            .computeIfAbsent(layer.component(), p -> new HashMap<>())
            .put(layer.path(), side.map(this::keep));
      }
    }
  }

  private FullDelta fullDelta(TargetLayer layer, WeightDelta change) {
    requireRoom(base, layer);
    return new FullDelta(change.deltaWeight(layer.readF32(base)));
  }

  /**
   * Refuses what is as large as a weight that the base does not hold whole, since it would undo the
   * base's memory plan.
   */
  public static void requireRoom(OpenModel base, TargetLayer layer) {
    if (!layer.isNorm() && base.weights(layer.component()).isCompressed(layer.weight())) {
      throw new ResourceLimitException(
          "the LoRA's change of " + layer
              + " would be as large as the weight itself, which this base spares memory"
              + " by not holding whole; make the LoRA low-rank (LoraMerge.resize), or open the base with more memory");
    }
  }

  private void addVector(TargetLayer layer, String name, Tensor difference) {
    try (TensorScope scope = TensorScope.open()) {
      vectorDeltas
          .computeIfAbsent(layer.component(), p -> new HashMap<>())
          .put(name, keep(difference));
    }
  }

  private Tensor keep(Tensor tensor) {
    Tensor placed = Tensors.place(compute, tensor);
    bytes += placed.nbytes();
    return region.keep(placed);
  }

  /** The change beside a layer of a part, by its path. */
  Map<String, WeightDelta.Unmerged> unmergedDeltas(ModelComponent part) {
    return unmergedDeltas.getOrDefault(part, Map.of());
  }

  /** The differences of norms and biases, by tensor name. */
  Map<String, Tensor> vectorDeltas(ModelComponent part) {
    return vectorDeltas.getOrDefault(part, Map.of());
  }

  /** What all this takes in memory. */
  public long bytes() {
    return bytes;
  }

  /** How strongly the change of each layer acts. */
  public interface LayerWeights {
    /** Every change as it was made. */
    LayerWeights ONE = new LayerWeights() {
      @Override
      public double of(ModelComponent part, String module) {
        return 1;
      }

      @Override
      public LayerWeights at(double progress) {
        return this;
      }

      @Override
      public boolean isNothing() {
        return false;
      }
    };

    /** The weight of a layer at the first step. */
    double of(ModelComponent part, String module);

    /** The weights, constant from then on, when that share of the steps is taken. */
    LayerWeights at(double progress);

    /** Whether no layer changes. */
    boolean isNothing();
  }

  /** What a LoRA at a weight adds to one network. */
  public record LoraAdaptation(AttachedDeltas deltas, ModelComponent part, LayerWeights weight)
      implements Adaptation {
    @Override
    public List<AdapterLayer> adapterLayers(String module) {
      WeightDelta.Unmerged change = deltas.unmergedDeltas(part).get(module);
      double here = change == null ? 0 : weight.of(part, module);
      return here == 0 ? List.of() : List.of(change.at(here));
    }

    @Override
    public Tensor tensor(String name, Tensor own) {
      Tensor difference = deltas.vectorDeltas(part).get(name);
      double here = difference == null ? 0 : weight.of(part, name);
      return here == 0 ? own : own.add(difference, new Scalar(here));
    }

    @Override
    public boolean replaces(String name) {
      return deltas.vectorDeltas(part).containsKey(name);
    }

    @Override
    public Adaptation at(double progress) {
      LayerWeights now = weight.at(progress);
      return now.isNothing() ? Adaptation.NONE : new LoraAdaptation(deltas, part, now);
    }

    @Override
    public boolean isBatchable() {
      return deltas.vectorDeltas(part).isEmpty();
    }
  }
}
