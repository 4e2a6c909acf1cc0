package dev.likeness.cli;

import dev.likeness.diffusion.BaseModel;
import dev.likeness.diffusion.golden.TinyControlNets;
import dev.likeness.diffusion.internal.file.SafetensorsWriter;
import dev.likeness.diffusion.internal.nn.Weights;
import dev.likeness.diffusion.internal.tensor.NoiseSource;
import dev.likeness.diffusion.internal.tensor.TensorScope;
import dev.likeness.diffusion.internal.training.TrainableWeights;
import dev.likeness.diffusion.internal.training.WeightInitializer;
import dev.likeness.ipadapter.internal.file.AdapterSites;
import dev.likeness.ipadapter.internal.projection.ResamplerConfig;
import dev.likeness.ipadapter.internal.projection.ResamplerProjection;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.Map;

/** InfiniteYou's resampler of seeded weights under the published names, and a small InfuseNet. */
public final class TinyInfiniteYou {
  private static final int SEED = 13;
  private static final int TOKENS = 8;
  private static final int FACE = 512;

  private TinyInfiniteYou() {}

  /** Writes a resampler for a FLUX.1 base, and returns its file. */
  public static Path write(BaseModel base, Path file) {
    try (TensorScope scope = TensorScope.open();
        NoiseSource noise = NoiseSource.seeded(SEED);
        TrainableWeights weights =
            new TrainableWeights(WeightInitializer.seeded(noise, name -> false))) {
      ResamplerProjection.ofFace(
          Weights.of(weights).at("image_proj"),
          new ResamplerConfig(64, 64, 1),
          TOKENS,
          FACE,
          AdapterSites.of(base).contextWidth());
      SafetensorsWriter.write(file, new HashMap<>(weights.leaves()), Map.of());
      return file;
    }
  }

  /** Writes a ControlNet for the tiny FLUX.1, and returns its folder. */
  public static Path writeNet(Path parent) {
    return TinyControlNets.write("flux", parent);
  }
}
