package dev.likeness.lora.internal.training;

import dev.likeness.diffusion.internal.adapter.ModelComponent;
import dev.likeness.diffusion.internal.family.OpenModel;
import dev.likeness.diffusion.internal.training.DiffusionObjective;
import dev.likeness.diffusion.internal.training.FlowObjective;
import dev.likeness.lora.training.LoraTraining;
import dev.likeness.schedulers.SchedulerConfig;
import org.apache.commons.math3.distribution.NormalDistribution;
import org.bytedeco.pytorch.Tensor;

/** What the network of a family of bases is trained on, at levels of noise that chance decides. */
public interface TrainingObjective {
  /** The level for a number sampled evenly from 0 to 1: a timestep, or a share of noise. */
  double sampleLevel(double share);

  /** Latents at each image's level. */
  Tensor addNoise(Tensor latents, Tensor noise, double... levels);

  /** What the network should answer. */
  Tensor target(Tensor latents, Tensor noise, double... levels);

  /**
   * How wrong an answer is; every place counts as {@code focus} says, or alike where it is null.
   */
  Tensor loss(Tensor answer, Tensor target, Tensor focus, double... levels);

  /**
   * The settings as they count: flow models have no min-SNR, nor have debiased losses, which weigh
   * by themselves.
   */
  static LoraTraining effectiveSettings(LoraTraining settings, OpenModel model) {
    return model.tensorNames(ModelComponent.TRANSFORMER).isEmpty()
            && !settings.optimizerOptions().debiasedEstimation()
        ? settings
        : settings.minSnrGamma(0);
  }

  /** What the bases of {@code model}'s family are trained on. */
  static TrainingObjective of(OpenModel model, LoraTraining settings) {
    SchedulerConfig scheduler = model.scheduler();
    if (settings.optimizerOptions().debiasedEstimation()
        && !model.tensorNames(ModelComponent.TRANSFORMER).isEmpty()) {
      throw new IllegalArgumentException(
          "debiased losses weigh by the signal of a UNet's noise; a flow model, as this base is, has none:"
              + " leave debiased out");
    }
    return model.tensorNames(ModelComponent.TRANSFORMER).isEmpty()
        ? new DenoisingObjective(DiffusionObjective.of(
            scheduler,
            effectiveSettings(settings, model).minSnrGamma(),
            settings.optimizerOptions().debiasedEstimation()))
        : FlowMatchingObjective.of(scheduler);
  }

  /** A UNet's: the noise, or what else it predicts, at one of the schedule's timesteps. */
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

  /** A transformer's: the velocity from an image to noise, at a logit-normal share of noise. */
  public record FlowMatchingObjective(FlowObjective objective) implements TrainingObjective {
    private static final NormalDistribution NORMAL = new NormalDistribution(null, 0, 1);
    /** No normal number has nothing below it. */
    private static final double MIN_SHARE = 1e-9;

    /**
     * Shifted as the base's scheduler shifts its own shares; one that shifts by size is not shifted
     * during training.
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
