package dev.likeness.lora.internal.training;

import dev.likeness.diffusion.internal.adapter.Adaptation;
import dev.likeness.diffusion.internal.adapter.ModelAdapter;
import dev.likeness.diffusion.internal.adapter.ModelComponent;
import dev.likeness.diffusion.internal.family.OpenModel;
import dev.likeness.diffusion.internal.family.TrainingTarget;
import dev.likeness.diffusion.internal.nn.Parameters;
import dev.likeness.diffusion.internal.tensor.TensorRegion;
import dev.likeness.diffusion.internal.training.TrainableWeights;
import dev.likeness.diffusion.request.Adapter;
import java.util.Map;
import java.util.function.Function;
import org.bytedeco.pytorch.Tensor;

/** The networks during training: each call gives what they are built of as it is now. */
interface TrainableNetworks extends TrainingTarget.Trained {
  /**
   * Generates by the weights that lie there for training: packed for generation, the networks would
   * lie there twice.
   */
  ModelAdapter AS_LOADED = (part, compute) -> Adaptation.UnpackedWeights.INSTANCE;

  /** What is trained. */
  TrainableWeights weights();

  /** Whether whole weights are trained, and not changes to them. */
  default boolean trainsAllWeights() {
    return false;
  }

  /** Those of the leaves that move when that share of the steps is done. */
  default Map<String, Tensor> activeWeights(double progress) {
    return weights().leaves();
  }

  /**
   * What a request carries to be generated with {@code values} of the leaves; its tensors are kept
   * by {@code region}.
   */
  Adapter adapterFor(Function<String, Tensor> values, TensorRegion region);

  /**
   * A part of a base model as networks are built of it; its shapes were checked when the model was
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
  }
}
