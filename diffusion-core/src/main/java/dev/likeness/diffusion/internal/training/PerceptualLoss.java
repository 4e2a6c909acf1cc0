package dev.likeness.diffusion.internal.training;

import org.bytedeco.pytorch.NoGradGuard;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch.ScalarType;

/**
 * Beside the squared error of the latents, that of what a frozen network reads from them: who is
 * shown is a hundredth of an image's numbers and most of what a viewer sees (Johnson et al. 2016,
 * arXiv:1603.08155; of denoising, Lin and Yang 2024, arXiv:2401.00110). The network reads the
 * latents that a prediction implies; each image counts by a power of how much of it is left at its
 * timestep, the alpha of its {@link dev.likeness.schedulers.NoiseSchedule}.
 *
 * @param name of the network and its weights: distinguishes one training from another
 * @param reader differentiable, itself at rest
 * @param weight what its mean squared error is multiplied by
 * @param alphaPower the power: 1 for a network that learns to generate, because predictions at high
 *     noise are blurred; 0 weights all timesteps alike, so that identity counts from the first step
 */
public record PerceptualLoss(String name, Reader reader, double weight, double alphaPower) {
  /** A network that reads latents. */
  @FunctionalInterface
  public interface Reader {
    /**
     * Latents [batch, c, h, w], f32, of the images with these numbers to what is read of them,
     * [batch, n], f32.
     */
    Tensor read(Tensor latents, int[] images);
  }

  /**
   * The weighted mean over images, f32 scalar; {@code answer} was given of {@code noised}, which
   * {@code clean}, the latents of these {@code images}, became.
   */
  public Tensor of(
      DiffusionObjective objective,
      Tensor answer,
      Tensor noised,
      Tensor clean,
      int[] timesteps,
      int[] images) {
    Tensor right;
    try (NoGradGuard guard = new NoGradGuard()) {
      right = reader.read(clean, images);
    }
    Tensor guess =
        objective.predictedX0(answer.to(ScalarType.Float), noised.to(ScalarType.Float), timesteps);
    Tensor read = reader.read(guess, images);
    Tensor errors = read.sub(right).square().mean(1);
    return errors
        .mul(objective.alphas(errors, timesteps).flatten().pow(new Scalar(alphaPower)))
        .mean()
        .mul(new Scalar(weight));
  }

  @Override
  public String toString() {
    return name + " x " + weight + " alpha^" + alphaPower;
  }
}
