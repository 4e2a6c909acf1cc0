package dev.likeness.diffusion.internal.pipeline;

import dev.likeness.diffusion.internal.family.Blend;
import dev.likeness.schedulers.NoiseLevel;
import dev.likeness.schedulers.SamplingPlan;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;

/**
 * Latents that are known in a part of the picture, held at the run's noise level; elsewhere the run
 * draws. What four-channel models inpaint by (blended latent diffusion, Avrahami et al. 2022,
 * arXiv:2206.02779; diffusers' {@code StableDiffusionInpaintPipeline}).
 *
 * @param known clean latents, [batch or 1, channels, h, w], f32
 * @param noise the unit noise that the run began with, [batch, channels, h, w], f32
 * @param keep [1, 1, h, w] in 0..1: 1 keeps, 0 draws
 * @param byDegrees whether a shade between says how late its place is let go (differential
 *     diffusion, Levin and Fried 2023, arXiv:2306.00950, algorithm 1) rather than how much of both
 *     is mixed
 */
public record KnownPart(Tensor known, Tensor noise, Tensor keep, boolean byDegrees)
    implements Blend {
  @Override
  public Tensor into(Tensor sample, SamplingPlan plan, int row) {
    if (byDegrees) {
      return row == plan.size()
          ? sample
          : torch.where(
              keep.gt(new Scalar((double) row / plan.size())), at(plan.held(row)), sample);
    }
    return torch.lerp(sample, row == plan.size() ? known : at(plan.held(row)), keep);
  }

  private Tensor at(NoiseLevel level) {
    return known.mul(new Scalar(level.alpha())).add(noise, new Scalar(level.sigma()));
  }
}
