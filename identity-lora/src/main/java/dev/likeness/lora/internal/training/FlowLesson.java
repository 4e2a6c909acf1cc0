package dev.likeness.lora.internal.training;

import dev.likeness.diffusion.internal.training.FlowObjective;
import dev.likeness.schedulers.SchedulerConfig;
import org.apache.commons.math3.distribution.NormalDistribution;
import org.bytedeco.pytorch.Tensor;

/** A transformer's: the velocity from a picture to noise, at a logit-normal share of noise. */
public record FlowLesson(FlowObjective objective) implements Lesson {
  private static final NormalDistribution NORMAL = new NormalDistribution(null, 0, 1);
  /** No normal number has nothing below it. */
  private static final double SMALLEST = 1e-9;

  /**
   * Shifted as the base's scheduler shifts its own shares; one that shifts by size is not shifted
   * while it learns.
   */
  public static FlowLesson of(SchedulerConfig scheduler) {
    boolean bySize = scheduler.options().has("use_dynamic_shifting")
        && scheduler.options().flag("use_dynamic_shifting");
    double shift =
        bySize || !scheduler.options().has("shift") ? 1 : scheduler.options().number("shift");
    return new FlowLesson(new FlowObjective(0, 1, shift));
  }

  @Override
  public double level(double share) {
    return objective.sigma(NORMAL.inverseCumulativeProbability(Math.max(share, SMALLEST)));
  }

  @Override
  public Tensor noised(Tensor latents, Tensor noise, double... levels) {
    return objective.noised(latents, noise, levels);
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
