package dev.likeness.portrait.training;

import dev.likeness.diffusion.internal.adapter.Adaptation;
import dev.likeness.diffusion.internal.family.stablediffusion.StableDiffusionNetworks;
import dev.likeness.diffusion.internal.family.stablediffusion.UNetConditioning;
import dev.likeness.diffusion.internal.tensor.NoiseSource;
import dev.likeness.diffusion.internal.tensor.Tensors;
import dev.likeness.diffusion.internal.training.DiffusionObjective;
import java.util.List;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;
import org.bytedeco.pytorch.global.torch.ScalarType;

/** What a finished model takes noised latents for. */
final class UNetGuesses {
  private final StableDiffusionNetworks model;
  private final DiffusionObjective objective;

  UNetGuesses(StableDiffusionNetworks model) {
    this.model = model;
    this.objective = DiffusionObjective.of(model.scheduler(), 0, false);
  }

  /** How many timesteps there are. */
  int timesteps() {
    return objective.schedule().length();
  }

  /**
   * The whole latents guessed of {@code clean} ones, [n, c, h, w], f32, noised each to its timestep
   * by the noise of {@code seed}.
   */
  Tensor of(Tensor clean, int[] timesteps, List<String> captions, long seed) {
    try (NoiseSource source = NoiseSource.seeded(seed)) {
      Tensor noise = Tensors.toDeviceOf(
          clean,
          source
              .next((int) clean.size(0), clean.size(1), clean.size(2), clean.size(3))
              .squeeze(0));
      Tensor noised = Tensors.place(model.compute(), objective.addNoise(clean, noise, timesteps));
      Tensor tokens = model
          .clipTextEncoders()
          .get(0)
          .promptEncoder(Adaptation.NONE)
          .encode(captions, 0)
          .tokens();
      Tensor answer = model
          .unet(Adaptation.NONE)
          .forward(
              noised,
              Tensors.toDeviceOf(noised, torch.tensor(timesteps)),
              UNetConditioning.text(tokens));
      return objective.predictedX0(
          answer.to(ScalarType.Float), noised.to(ScalarType.Float), timesteps);
    }
  }
}
