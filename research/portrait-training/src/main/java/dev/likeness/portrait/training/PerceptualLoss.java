package dev.likeness.portrait.training;

import dev.likeness.diffusion.internal.training.DiffusionObjective;
import org.bytedeco.pytorch.NoGradGuard;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch.ScalarType;

/**
 * A perceptual loss: the squared error of the features that a frozen network computes from latents,
 * in addition to the latents' own error. Identity is a small part of an image's values, but much of
 * what a viewer notices. Sources: Johnson et al. 2016, arXiv:1603.08155; for denoising, Lin and
 * Yang 2024, arXiv:2401.00110.
 *
 * <p>The network reads the predicted x0. Each image is weighted by a power of the alpha of its
 * timestep ({@link dev.likeness.schedulers.NoiseSchedule}).
 *
 * @param name the name of the network and its weights, which distinguishes trainings
 * @param reader the frozen network, differentiable in its input
 * @param weight the factor of the mean squared error
 * @param alphaPower the power: 1 for a network that learns to generate, because predictions at high
 *     noise are blurred; 0 weights all timesteps alike, so that identity counts from the first step
 */
public record PerceptualLoss(String name, Reader reader, double weight, double alphaPower) {
  /** A network that computes features from latents. */
  @FunctionalInterface
  public interface Reader {
    /**
     * Returns the features, [batch, n] in f32, of latents [batch, c, h, w] in f32.
     *
     * @param images the number of each latent's image in the training set
     */
    Tensor read(Tensor latents, int[] images);
  }

  /**
   * Returns the weighted mean over images; an f32 scalar. {@code answer} is the network's
   * prediction for {@code noised}, the noised form of {@code clean}, which are the latents of
   * {@code images}.
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
