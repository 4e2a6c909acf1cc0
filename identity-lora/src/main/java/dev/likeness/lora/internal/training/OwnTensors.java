package dev.likeness.lora.internal.training;

import dev.likeness.diffusion.internal.adapter.ModelComponent;
import dev.likeness.diffusion.internal.family.OpenNetworks;
import dev.likeness.diffusion.internal.nn.Parameters;
import org.bytedeco.pytorch.Tensor;

/**
 * A part of a base model as networks are built of it; its shapes were checked when the model was
 * opened.
 */
record OwnTensors(OpenNetworks model, ModelComponent part) implements Parameters {
  @Override
  public boolean has(String name) {
    return model.tensorNames(part).contains(name);
  }

  @Override
  public Tensor get(String name, long... shape) {
    return model.tensor(part, name);
  }
}
