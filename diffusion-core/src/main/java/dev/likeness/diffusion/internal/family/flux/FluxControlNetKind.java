package dev.likeness.diffusion.internal.family.flux;

import dev.likeness.diffusion.internal.family.ControlNetKind;
import dev.likeness.diffusion.internal.family.LoadedControlNet;
import dev.likeness.diffusion.internal.file.ModelConfig;
import dev.likeness.diffusion.internal.file.TensorSource;
import dev.likeness.diffusion.internal.memory.LoadedWeights;
import dev.likeness.diffusion.tensor.Compute;
import java.util.List;
import java.util.Set;

/** ControlNets of FLUX.1, union modes included. */
final class FluxControlNetKind implements ControlNetKind {
  @Override
  public List<String> classNames() {
    return List.of("FluxControlNetModel");
  }

  @Override
  public List<String> signs() {
    return List.of("controlnet_x_embedder.weight");
  }

  @Override
  public LoadedControlNet open(
      String name, ModelConfig config, TensorSource tensors, Compute compute) {
    FluxControlNetModel.Config own = FluxControlNetModel.Config.of(config);
    LoadedWeights weights = new LoadedWeights(tensors, compute);
    try {
      weights.check(w -> new FluxControlNetModel(own, w), Set.of());
      return new FluxControlNet(name, compute, weights, own);
    } catch (RuntimeException e) {
      weights.close();
      throw e;
    }
  }
}
