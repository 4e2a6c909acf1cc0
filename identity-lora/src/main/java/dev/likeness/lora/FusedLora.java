package dev.likeness.lora;

import dev.likeness.diffusion.error.InvalidInputException;
import dev.likeness.diffusion.internal.adapter.Adaptation;
import dev.likeness.diffusion.internal.adapter.Contribution;
import dev.likeness.diffusion.internal.adapter.ModelAdapter;
import dev.likeness.diffusion.internal.adapter.ModelComponent;
import dev.likeness.diffusion.internal.family.OpenModel;
import dev.likeness.diffusion.internal.tensor.TensorRegion;
import dev.likeness.diffusion.internal.tensor.TensorScope;
import dev.likeness.diffusion.internal.tensor.Tensors;
import dev.likeness.diffusion.internal.tensor.UsageLock;
import dev.likeness.diffusion.request.Adapter;
import dev.likeness.diffusion.tensor.Compute;
import dev.likeness.lora.internal.algorithm.AttachedDeltas;
import dev.likeness.lora.internal.algorithm.LoraDeltas;
import dev.likeness.lora.internal.algorithm.TargetLayer;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.UnaryOperator;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch.ScalarType;

/**
 * A copy of the weights that a LoRA changes in a base, with the LoRA added. A request that has the
 * {@link #adapter} uses this copy; the base's own weights are not changed. The sum is computed in
 * f32 and converted to the model's dtype. If earlier adapters of the request change the same
 * tensors, their changes are added too. Thread-safe; owns its tensors until closed. Generations
 * with a closed copy throw {@link IllegalStateException}.
 */
public final class FusedLora implements AutoCloseable {
  private final LoraDeltas deltas;
  private final OpenModel base;
  private final LoraWeight weight;
  private final TensorRegion region = new TensorRegion();
  private final Map<Compute, Map<ModelComponent, Map<String, Tensor>>> merged =
      new ConcurrentHashMap<>();

  private final UsageLock uses = new UsageLock("the fused LoRA");
  private final Adapter adapter = new Merged();
  private volatile boolean closed;

  private FusedLora(LoraDeltas deltas, OpenModel base, LoraWeight weight) {
    this.deltas = deltas;
    this.base = base;
    this.weight = weight;
    // The weights are merged at the first use with a dtype. That may be after the LoRA was closed.
    deltas.weights().values().forEach(change -> change.map(region::keep));
    deltas.biases().values().forEach(region::keep);
  }

  static FusedLora of(Lora lora, LoraWeight weight) {
    lora.deltas()
        .weights()
        .keySet()
        .forEach(layer -> AttachedDeltas.requireRoom(lora.base(), layer));
    lora.deltas().requireWeights();
    return new FusedLora(lora.deltas(), lora.base(), weight);
  }

  /**
   * {@return the adapter that makes a request use this copy} The adapter is valid until this object
   * is closed.
   */
  public Adapter adapter() {
    return adapter;
  }

  private final class Merged implements ModelAdapter {
    @Override
    public Contribution contribution() {
      return Contribution.of((component, generation) -> replacing(component, generation.compute()))
          .withInversions(weight.isZero() ? List.of() : deltas.textualInversions());
    }

    private Adaptation replacing(ModelComponent component, Compute compute) {
      Map<String, Tensor> own = weights(compute).getOrDefault(component, Map.of());
      return new Adaptation() {
        @Override
        public Tensor tensor(String name, Tensor original) {
          Tensor sum = own.get(name);
          if (sum == null) {
            return original;
          }
          Tensor plain = base.tensor(component, name);
          return original.is_same(plain)
              ? sum
              : sum.add(original.sub(Tensors.place(compute, plain)));
        }

        @Override
        public boolean replaces(String name) {
          return own.containsKey(name);
        }
      };
    }

    @Override
    public void requireCompatible(ModelComponent.Tensors model) {
      if (!weight.isZero()) {
        deltas.requireCompatible(model, base);
      }
    }

    @Override
    public List<UsageLock> usageLocks() {
      return List.of(uses);
    }
  }

  /**
   * Returns the merged weights by component and full name, in the dtype and on the device of
   * {@code compute}. This object owns them.
   */
  Map<ModelComponent, Map<String, Tensor>> weights(Compute compute) {
    if (closed) {
      throw new IllegalStateException(
          "the fused LoRA is closed; fuse it again to generate with it");
    }
    return merged.computeIfAbsent(compute, this::merge);
  }

  private Map<ModelComponent, Map<String, Tensor>> merge(Compute compute) {
    Map<ModelComponent, Map<String, Tensor>> parts = new HashMap<>();
    // The tensors are adopted only after all are made. If one does not fit in memory, all are
    // freed.
    try (TensorRegion made = new TensorRegion()) {
      deltas
          .weights()
          .forEach((layer, change) ->
              put(parts, layer, layer.weight(), change::deltaWeight, compute, made));
      deltas
          .biases()
          .forEach((layer, bias) ->
              put(parts, layer, layer.bias(), own -> bias.to(ScalarType.Float), compute, made));
      region.adopt(made);
    }
    return parts;
  }

  private void put(
      Map<ModelComponent, Map<String, Tensor>> parts,
      TargetLayer layer,
      String name,
      UnaryOperator<Tensor> difference,
      Compute compute,
      TensorRegion made) {
    double here = weight.of(layer.component(), layer.path());
    if (here == 0) {
      return;
    }
    try (TensorScope scope = TensorScope.open()) {
      Tensor own = layer.readF32(base, name);
      Tensor sum = Tensors.place(compute, own.add(difference.apply(own), new Scalar(here)));
      if (!Tensors.isFinite(sum)) {
        throw new InvalidInputException("the LoRA at the weight " + here + " gives values of "
            + layer.component().folder() + "." + name + " that are NaN or infinite in "
            + compute.dtype() + "; fuse it with a smaller weight");
      }
      parts.computeIfAbsent(layer.component(), p -> new HashMap<>()).put(name, made.keep(sum));
    }
  }

  /** Frees the copy when no running generation uses it any more. A second call does nothing. */
  @Override
  public void close() {
    uses.close(() -> {
      closed = true;
      merged.clear();
      region.close();
    });
  }
}
