package dev.likeness.lora.internal.training;

import dev.likeness.diffusion.internal.family.OpenModel;
import dev.likeness.diffusion.internal.family.TrainingTarget;
import dev.likeness.diffusion.internal.training.DiffusionObjective;
import dev.likeness.diffusion.internal.training.FlowObjective;
import dev.likeness.lora.training.TrainingSettings;
import dev.likeness.schedulers.SchedulerConfig;
import org.apache.commons.math3.distribution.NormalDistribution;
import org.bytedeco.pytorch.Tensor;

/** The training objective of a model family: noise levels, noised latents, target and loss. */
public interface TrainingObjective {
  /**
   * Returns the noise level for a uniform random number from 0 to 1: a timestep, or a share of
   * noise.
   */
  double sampleLevel(double share);

  /** Returns the latents with noise at each image's level. */
  Tensor addNoise(Tensor latents, Tensor noise, double... levels);

  /** Returns the target of the network. */
  Tensor target(Tensor latents, Tensor noise, double... levels);

  /**
   * Returns the loss of a prediction. {@code focus} has the weight of each position; null for
   * uniform weights.
   */
  Tensor loss(Tensor answer, Tensor target, Tensor focus, double... levels);

  /**
   * Returns the settings that take effect. Flow models and debiased losses have no min-SNR
   * weighting.
   */
  static TrainingSettings effectiveSettings(TrainingSettings settings, OpenModel model) {
    return isFlow(model) || settings.debiasedEstimation() ? settings.minSnrGamma(0) : settings;
  }

  private static boolean isFlow(OpenModel model) {
    return TrainingTarget.of(model).objective() == TrainingTarget.Objective.FLOW_MATCHING;
  }

  /** Returns the objective of the model family of {@code model}. */
  static TrainingObjective of(OpenModel model, TrainingSettings settings) {
    SchedulerConfig scheduler = model.scheduler();
    if (!isFlow(model)) {
      return new DenoisingObjective(DiffusionObjective.of(
          scheduler,
          effectiveSettings(settings, model).minSnrGamma(),
          settings.debiasedEstimation()));
    }
    if (settings.debiasedEstimation()) {
      throw new IllegalArgumentException(
          "debiased losses need a base with a UNet, and this base is a flow model;"
              + " turn debiased estimation off");
    }
    return FlowMatchingObjective.of(scheduler);
  }

  /**
   * The objective of a UNet: it predicts noise, or another prediction type, at a timestep of the
   * noise schedule.
   */
  record DenoisingObjective(DiffusionObjective objective) implements TrainingObjective {
    @Override
    public double sampleLevel(double share) {
      return (int) (share * objective.schedule().length());
    }

    @Override
    public Tensor addNoise(Tensor latents, Tensor noise, double... levels) {
      return objective.addNoise(latents, noise, timesteps(levels));
    }

    @Override
    public Tensor target(Tensor latents, Tensor noise, double... levels) {
      return objective.target(latents, noise, timesteps(levels));
    }

    @Override
    public Tensor loss(Tensor answer, Tensor target, Tensor focus, double... levels) {
      return objective.loss(answer, target, timesteps(levels), focus);
    }

    private static int[] timesteps(double... levels) {
      int[] timesteps = new int[levels.length];
      for (int i = 0; i < levels.length; i++) {
        timesteps[i] = (int) levels[i];
      }
      return timesteps;
    }
  }

  /**
   * The objective of a flow transformer: it predicts the velocity from image to noise, at a
   * logit-normal share of noise.
   */
  public record FlowMatchingObjective(FlowObjective objective) implements TrainingObjective {
    private static final NormalDistribution NORMAL = new NormalDistribution(null, 0, 1);
    /** The smallest uniform number, because the normal quantile of 0 is not finite. */
    private static final double MIN_SHARE = 1e-9;

    /**
     * Returns the objective with the shift of the base's scheduler. A scheduler that shifts by
     * image size is not shifted during training.
     */
    public static FlowMatchingObjective of(SchedulerConfig scheduler) {
      boolean bySize = scheduler.options().has("use_dynamic_shifting")
          && scheduler.options().flag("use_dynamic_shifting");
      double shift =
          bySize || !scheduler.options().has("shift") ? 1 : scheduler.options().number("shift");
      return new FlowMatchingObjective(new FlowObjective(0, 1, shift));
    }

    @Override
    public double sampleLevel(double share) {
      return objective.sigma(NORMAL.inverseCumulativeProbability(Math.max(share, MIN_SHARE)));
    }

    @Override
    public Tensor addNoise(Tensor latents, Tensor noise, double... levels) {
      return objective.addNoise(latents, noise, levels);
    }

    @Override
    public Tensor target(Tensor latents, Tensor noise, double... levels) {
      return objective.target(latents, noise);
    }

    @Override
    public Tensor loss(Tensor answer, Tensor target, Tensor focus, double... levels) {
      return objective.loss(answer, target, focus);
    }
  }
}
