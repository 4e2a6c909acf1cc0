package dev.likeness.lora.internal.training;

import dev.likeness.diffusion.internal.adapter.Adaptation;
import dev.likeness.diffusion.internal.adapter.ModelAdapter;
import dev.likeness.diffusion.internal.adapter.ModelComponent;
import dev.likeness.diffusion.internal.family.OpenModel;
import dev.likeness.diffusion.internal.family.TrainingTarget;
import dev.likeness.diffusion.internal.memory.LoadedWeights;
import dev.likeness.diffusion.internal.nn.Parameters;
import dev.likeness.diffusion.internal.nn.cpu.LayerWeight;
import dev.likeness.diffusion.internal.tensor.TensorRegion;
import dev.likeness.diffusion.internal.training.TrainableWeights;
import dev.likeness.diffusion.request.Adapter;
import java.util.Map;
import java.util.function.Function;
import org.bytedeco.pytorch.Tensor;

/** The networks during training, built from the current values of the trained weights. */
interface TrainableNetworks extends TrainingTarget.Trained {
  /**
   * An adapter for validation images that uses the trained weights in place. Packing them for
   * generation would store them twice. Weights in fewer bits stay so.
   */
  ModelAdapter AS_LOADED =
      ModelAdapter.changing((component, generation) -> Adaptation.UnpackedWeights.INSTANCE);

  /** Returns the trained weights. */
  TrainableWeights weights();

  /** Returns true if whole weights are trained, false if deltas are. */
  default boolean trainsAllWeights() {
    return false;
  }

  /** Returns the networks without the trained weights, but with a training adapter. */
  TrainableNetworks untrained();

  /** Returns the leaves that are still trained at this progress, the share of finished steps. */
  default Map<String, Tensor> activeWeights(double progress) {
    return weights().leaves();
  }

  /**
   * Returns the adapter that generates with these values of the leaves. {@code region} keeps its
   * tensors.
   */
  Adapter adapterFor(Function<String, Tensor> values, TensorRegion region);

  /**
   * A component of a base model as a source of weights. Its shapes were checked when the model was
   * opened.
   */
  record BaseTensors(OpenModel model, ModelComponent component) implements Parameters {
    @Override
    public boolean has(String name) {
      return model.tensorNames(component).contains(name);
    }

    @Override
    public Tensor get(String name, long... shape) {
      return model.tensor(component, name);
    }

    /** Returns the frozen weight as the base stores it, such as in 8 bits. */
    @Override
    public LayerWeight matrix(String name, long... shape) {
      LoadedWeights weights = model.weights(component);
      return weights.unpackedMatrix(name, weights.shape(name));
    }
  }
}
