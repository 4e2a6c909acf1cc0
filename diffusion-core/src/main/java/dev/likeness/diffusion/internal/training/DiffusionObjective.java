package dev.likeness.diffusion.internal.training;

import dev.likeness.diffusion.internal.tensor.Tensors;
import dev.likeness.schedulers.NoiseLevel;
import dev.likeness.schedulers.NoiseSchedule;
import dev.likeness.schedulers.Prediction;
import dev.likeness.schedulers.SchedulerConfig;
import java.util.function.ToDoubleFunction;
import java.util.stream.IntStream;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;

/**
 * The training objective of a denoising network. Latents are noised to a random timestep, and the
 * network predicts the noise, the velocity, or the latents. The squared error of each image is
 * weighted by its timestep.
 *
 * @param schedule the noise levels
 * @param prediction the prediction type of the network
 * @param minSnrGamma the gamma of min-SNR weighting (Hang et al. 2023, arXiv:2303.09556, eq. 7); 0
 *     for none
 * @param debiased true if images are weighted by 1 / sqrt(SNR), or by 1 / (SNR + 1) for velocities
 *     (Yu et al. 2023, arXiv:2310.08442, eq. 10)
 */
public record DiffusionObjective(
    NoiseSchedule schedule, Prediction prediction, double minSnrGamma, boolean debiased) {
  /** The SNR from which on the min-SNR weight is constant, because almost no noise is left. */
  private static final double HIGHEST_SNR = 1000;

  /**
   * Returns the objective of a base with this scheduler.
   *
   * @throws IllegalArgumentException if the base was trained on continuous noise levels, for which
   *     there is no discrete noise schedule
   */
  public static DiffusionObjective of(
      SchedulerConfig scheduler, double minSnrGamma, boolean debiased) {
    if (scheduler.isContinuous()) {
      throw new IllegalArgumentException(
          "this base cannot be trained, because its scheduler " + scheduler.className()
              + " has continuous noise levels; give a base with another scheduler");
    }
    return new DiffusionObjective(
        scheduler.noiseSchedule(), scheduler.prediction(), minSnrGamma, debiased);
  }

  /** Creates an objective without debiasing. */
  public DiffusionObjective(NoiseSchedule schedule, Prediction prediction, double minSnrGamma) {
    this(schedule, prediction, minSnrGamma, false);
  }

  /** Returns latents noised to each image's timestep: alpha x0 + sigma n. */
  public Tensor addNoise(Tensor latents, Tensor noise, int[] timesteps) {
    return latents.mul(alphas(latents, timesteps)).add(noise.mul(sigmas(noise, timesteps)));
  }

  /** Returns the target of the network's prediction. */
  public Tensor target(Tensor latents, Tensor noise, int[] timesteps) {
    return switch (prediction) {
      case EPSILON -> noise;
      case V -> noise.mul(alphas(noise, timesteps)).sub(latents.mul(sigmas(latents, timesteps)));
      case SAMPLE -> latents;
      default -> throw unsupported(prediction);
    };
  }

  /** Returns the predicted x0 for the network's prediction {@code answer} of noised latents. */
  public Tensor predictedX0(Tensor answer, Tensor noised, int[] timesteps) {
    return switch (prediction) {
      case EPSILON ->
        noised.sub(answer.mul(sigmas(answer, timesteps))).div(alphas(noised, timesteps));
      case V -> noised.mul(alphas(noised, timesteps)).sub(answer.mul(sigmas(answer, timesteps)));
      case SAMPLE -> answer;
      default -> throw unsupported(prediction);
    };
  }

  private static IllegalArgumentException unsupported(Prediction prediction) {
    return new IllegalArgumentException("a base whose scheduler has a beta schedule can be trained"
        + " only with prediction type epsilon, v_prediction or sample, got " + prediction
        + "; correct the scheduler's prediction_type");
  }

  /**
   * Returns the noise that {@link #addNoise} added to {@code latents}: (x_t - alpha x0) / sigma.
   */
  public Tensor noise(Tensor latents, Tensor noised, int[] timesteps) {
    return noised.sub(latents.mul(alphas(latents, timesteps))).div(sigmas(noised, timesteps));
  }

  /** Returns the mean over images of each weighted mean squared error; an f32 scalar. */
  public Tensor loss(Tensor answer, Tensor target, int[] timesteps) {
    return loss(answer, target, timesteps, null);
  }

  /**
   * Returns the same loss with a weight at each place.
   *
   * @param focus weights of mean 1, [batch, 1, h, w]; null for equal weights
   */
  public Tensor loss(Tensor answer, Tensor target, int[] timesteps, Tensor focus) {
    Tensor squares = answer.to(torch.ScalarType.Float).sub(target).square();
    Tensor error = (focus == null ? squares : squares.mul(focus)).flatten(1, -1).mean(1);
    return error.mul(Tensors.toDeviceOf(error, weights(timesteps))).mean();
  }

  private Tensor weights(int[] timesteps) {
    float[] weights = new float[timesteps.length];
    for (int i = 0; i < weights.length; i++) {
      weights[i] = (float) weight(schedule.snr(timesteps[i]));
    }
    return torch.tensor(weights);
  }

  private double weight(double snr) {
    double weight = minSnrGamma == 0 ? 1 : clipped(snr);
    if (!debiased) {
      return weight;
    }
    double known = Math.min(snr, HIGHEST_SNR);
    return weight * (prediction == Prediction.V ? 1 / (known + 1) : 1 / Math.sqrt(known));
  }

  private double clipped(double snr) {
    double clipped = Math.min(snr, minSnrGamma);
    return switch (prediction) {
      case EPSILON -> clipped / snr;
      case V -> clipped / (snr + 1);
      default -> clipped;
    };
  }

  /**
   * Returns alpha at each timestep, 0..1: [batch, 1, 1, 1], f32, on the device of {@code there}.
   */
  public Tensor alphas(Tensor there, int[] timesteps) {
    return perImage(there, timesteps, NoiseLevel::alpha);
  }

  private Tensor sigmas(Tensor there, int[] timesteps) {
    return perImage(there, timesteps, NoiseLevel::sigma);
  }

  private Tensor perImage(Tensor there, int[] timesteps, ToDoubleFunction<NoiseLevel> number) {
    double[] numbers = IntStream.of(timesteps)
        .mapToDouble(t -> number.applyAsDouble(schedule.level(t)))
        .toArray();
    return Tensors.toDeviceOf(there, Tensors.perImage(numbers));
  }
}
