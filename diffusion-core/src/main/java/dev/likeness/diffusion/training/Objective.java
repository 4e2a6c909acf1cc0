package dev.likeness.diffusion.training;

import dev.likeness.schedulers.NoiseSchedule;
import dev.likeness.schedulers.Prediction;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;

/**
 * What a denoising network is taught: a picture's latents are noised to a random timestep, and it must answer with the
 * noise, the velocity, or the latents themselves. Each picture's squared error is weighted by its timestep.
 *
 * @param schedule the noise levels
 * @param prediction what the network answers
 * @param minSnrGamma the gamma of min-SNR weighting (Hang et al. 2023, arXiv:2303.09556, eq. 7); 0 for none
 */
public record Objective(NoiseSchedule schedule, Prediction prediction, double minSnrGamma) {
  /** Latents noised to each picture's timestep: alpha x0 + sigma n. */
  public Tensor noised(Tensor latents, Tensor noise, int[] timesteps) {
    return latents.mul(alphas(timesteps)).add(noise.mul(sigmas(timesteps)));
  }

  /** What the network should answer. */
  public Tensor target(Tensor latents, Tensor noise, int[] timesteps) {
    return switch (prediction) {
      case EPSILON -> noise;
      case V -> noise.mul(alphas(timesteps)).sub(latents.mul(sigmas(timesteps)));
      case SAMPLE -> latents;
      default -> throw new IllegalArgumentException("no discrete-time objective for " + prediction);
    };
  }

  /** The mean over pictures of each one's weighted mean squared error; f32 scalar. */
  public Tensor loss(Tensor answer, Tensor target, int[] timesteps) {
    Tensor error = answer.to(torch.ScalarType.Float).sub(target).square().flatten(1, -1).mean(1);
    return error.mul(weights(timesteps)).mean();
  }

  private Tensor weights(int[] timesteps) {
    float[] weights = new float[timesteps.length];
    for (int i = 0; i < weights.length; i++) {
      weights[i] = (float) weight(schedule.snr(timesteps[i]));
    }
    return torch.tensor(weights);
  }

  private double weight(double snr) {
    if (minSnrGamma == 0) {
      return 1;
    }
    double clipped = Math.min(snr, minSnrGamma);
    return switch (prediction) {
      case EPSILON -> clipped / snr;
      case V -> clipped / (snr + 1);
      default -> clipped;
    };
  }

  private Tensor alphas(int[] timesteps) {
    float[] values = new float[timesteps.length];
    for (int i = 0; i < values.length; i++) {
      values[i] = (float) schedule.level(timesteps[i]).alpha();
    }
    return torch.tensor(values).view(-1, 1, 1, 1);
  }

  private Tensor sigmas(int[] timesteps) {
    float[] values = new float[timesteps.length];
    for (int i = 0; i < values.length; i++) {
      values[i] = (float) schedule.level(timesteps[i]).sigma();
    }
    return torch.tensor(values).view(-1, 1, 1, 1);
  }
}
