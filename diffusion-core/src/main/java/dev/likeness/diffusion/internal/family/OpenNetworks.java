package dev.likeness.diffusion.internal.family;

import dev.likeness.diffusion.internal.adapter.ModelComponent;
import dev.likeness.diffusion.internal.adapter.PartTensors;
import dev.likeness.diffusion.internal.memory.LoadedWeights;
import dev.likeness.diffusion.internal.vae.Autoencoder;
import dev.likeness.diffusion.tensor.Compute;
import dev.likeness.schedulers.SchedulerConfig;
import java.util.Set;
import org.bytedeco.pytorch.Tensor;

/**
 * The networks of a base model of any family, opened and checked: what every family has. Shared by
 * threads.
 */
public interface OpenNetworks extends PartTensors, AutoCloseable {
  Compute compute();

  Autoencoder autoencoder();

  /** The scheduler that the model came with. */
  SchedulerConfig scheduler();

  /** A part's tensors, owned by this; null for a part that the model lacks. */
  LoadedWeights weights(ModelComponent part);

  /** The part that noise is predicted with. */
  default ModelComponent denoising() {
    return weights(ModelComponent.UNET) == null ? ModelComponent.TRANSFORMER : ModelComponent.UNET;
  }

  @Override
  default Set<String> tensorNames(ModelComponent part) {
    LoadedWeights weights = weights(part);
    return weights == null ? Set.of() : weights.names();
  }

  @Override
  default long[] tensorShape(ModelComponent part, String name) {
    return weights(part).shape(name);
  }

  /** One of {@link #tensorNames}, placed; shared with every network and owned by this. */
  default Tensor tensor(ModelComponent part, String name) {
    LoadedWeights weights = weights(part);
    return weights.get(name, weights.shape(name));
  }

  /**
   * The same to look at once, the calling scope's where no network has it placed: nothing is held
   * that a plan spares.
   */
  default Tensor read(ModelComponent part, String name) {
    return weights(part).read(name);
  }

  @Override
  void close();
}
