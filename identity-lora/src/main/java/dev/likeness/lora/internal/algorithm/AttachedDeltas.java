package dev.likeness.lora.internal.algorithm;

import dev.likeness.diffusion.error.ResourceLimitException;
import dev.likeness.diffusion.internal.adapter.Adaptation;
import dev.likeness.diffusion.internal.adapter.AdapterLayer;
import dev.likeness.diffusion.internal.adapter.ModelComponent;
import dev.likeness.diffusion.internal.family.OpenModel;
import dev.likeness.diffusion.internal.io.CurrentWork;
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
 * The deltas of a LoRA on the device of a model. Low-rank deltas and Kronecker products stay as
 * factors. All others are converted once to a difference from the base's weight. Differences do not
 * depend on each other, so several LoRAs add up in any order.
 */
public final class AttachedDeltas {
  private final Map<ModelComponent, Map<String, WeightDelta.Unmerged>> unmergedDeltas =
      new HashMap<>();
  private final Map<ModelComponent, Map<String, Tensor>> vectorDeltas = new HashMap<>();
  private final Map<ModelComponent, Map<String, WeightDelta>> embeddingDeltas = new HashMap<>();
  private final Compute compute;
  private final TensorRegion region = new TensorRegion();
  private final OpenModel base;
  private long bytes;

  private AttachedDeltas(OpenModel base, Compute compute) {
    this.base = base;
    this.compute = compute;
  }

  /**
   * Places all deltas.
   *
   * @param owner the region that gets all tensors, or none after an exception
   */
  public static AttachedDeltas place(
      LoraDeltas changes, OpenModel base, Compute compute, TensorRegion owner) {
    AttachedDeltas placed = new AttachedDeltas(base, compute);
    try {
      changes.weights().forEach((layer, change) -> {
        CurrentWork.throwIfCancelled();
        placed.place(layer, change);
      });
      changes.biases().forEach((layer, bias) -> placed.addVector(layer, layer.bias(), bias));
      owner.adopt(placed.region);
    } finally {
      placed.region.close();
    }
    return placed;
  }

  private void place(TargetLayer layer, WeightDelta change) {
    try (TensorScope scope = TensorScope.open()) {
      if (layer.isNorm()) {
        addVector(layer, layer.weight(), change.deltaWeight(layer.readF32(base)));
      } else if (layer.isEmbedding()) {
        WeightDelta factors =
            change instanceof LoraDelta ? change : new FullDelta(difference(layer, change));
        embeddingDeltas
            .computeIfAbsent(layer.component(), p -> new HashMap<>())
            .put(layer.weight(), factors.map(this::keep));
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
    return new FullDelta(difference(layer, change));
  }

  private Tensor difference(TargetLayer layer, WeightDelta change) {
    return change.deltaWeight(layer.readF32(base));
  }

  /**
   * Refuses deltas as large as a weight that the base does not keep in memory, because they would
   * exceed its memory plan.
   */
  public static void requireRoom(OpenModel base, TargetLayer layer) {
    if (!layer.isNorm() && base.weights(layer.component()).isCompressed(layer.weight())) {
      throw new ResourceLimitException("the LoRA's delta of " + layer
          + " is as large as the weight, which this base streams or keeps in 8 bits; make the LoRA"
          + " low-rank (LoraMerge.resize), or open the base with more memory and without 8-bit"
          + " weights");
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

  /** Returns the deltas that are computed beside the layers of a component, by path. */
  Map<String, WeightDelta.Unmerged> unmergedDeltas(ModelComponent component) {
    return unmergedDeltas.getOrDefault(component, Map.of());
  }

  /** Returns the differences of norms and biases, by tensor name. */
  Map<String, Tensor> vectorDeltas(ModelComponent component) {
    return vectorDeltas.getOrDefault(component, Map.of());
  }

  /** Returns the deltas of embedding tables, by tensor name. */
  Map<String, WeightDelta> embeddingDeltas(ModelComponent component) {
    return embeddingDeltas.getOrDefault(component, Map.of());
  }

  /** Returns the memory of all deltas, in bytes. */
  public long bytes() {
    return bytes;
  }

  /** The weight of the delta of each layer. */
  public interface LayerWeights {
    /** Weight 1 for every layer. */
    LayerWeights ONE = new LayerWeights() {
      @Override
      public double of(ModelComponent component, String module) {
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

    /** Returns the weight of a layer at the first step. */
    double of(ModelComponent component, String module);

    /** Returns the weights at this share of the steps, constant from then on. */
    LayerWeights at(double progress);

    /** Returns true if no layer changes. */
    boolean isNothing();
  }

  /** Adds a LoRA with a weight to one network. */
  public record LoraAdaptation(AttachedDeltas deltas, ModelComponent component, LayerWeights weight)
      implements Adaptation {
    @Override
    public List<AdapterLayer> adapterLayers(String module) {
      WeightDelta.Unmerged change = deltas.unmergedDeltas(component).get(module);
      double here = change == null ? 0 : weight.of(component, module);
      return here == 0 ? List.of() : List.of(change.at(here));
    }

    @Override
    public Tensor tensor(String name, Tensor own) {
      WeightDelta rows = deltas.embeddingDeltas(component).get(name);
      Tensor difference = deltas.vectorDeltas(component).get(name);
      double here = difference == null && rows == null ? 0 : weight.of(component, name);
      if (here == 0) {
        return own;
      }
      return own.add(
          rows == null ? difference : rows.deltaWeight(own).to(own.scalar_type()),
          new Scalar(here));
    }

    @Override
    public boolean replaces(String name) {
      return deltas.vectorDeltas(component).containsKey(name)
          || deltas.embeddingDeltas(component).containsKey(name);
    }

    @Override
    public Adaptation at(double progress) {
      LayerWeights now = weight.at(progress);
      return now.isNothing() ? Adaptation.NONE : new LoraAdaptation(deltas, component, now);
    }

    @Override
    public boolean isBatchable() {
      return deltas.vectorDeltas(component).isEmpty()
          && deltas.embeddingDeltas(component).isEmpty();
    }
  }
}
