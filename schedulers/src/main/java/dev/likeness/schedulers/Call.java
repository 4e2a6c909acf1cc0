package dev.likeness.schedulers;

import dev.likeness.schedulers.Combination.Kind;
import dev.likeness.schedulers.Combination.Symbol;

/**
 * A network call that a solver plans. The sample that goes into the network and the predictions
 * that come out are symbols, not values: {@link Combination}s.
 */
public final class Call {
  private final int row;
  private final double timestep;
  private final NoiseLevel level;
  private final Step.Scaling scaling;
  private final boolean isClipped;
  private boolean needsUnguided;

  Call(int row, double timestep, NoiseLevel level, Step.Scaling scaling, boolean isClipped) {
    this.row = row;
    this.timestep = timestep;
    this.level = level;
    this.scaling = scaling;
    this.isClipped = isClipped;
  }

  int row() {
    return row;
  }

  double timestep() {
    return timestep;
  }

  boolean needsUnguided() {
    return needsUnguided;
  }

  /** {@return the noise level of the sample that the network is called with} */
  public NoiseLevel level() {
    return level;
  }

  /** {@return the scaling of the network's input and output} */
  public Step.Scaling scaling() {
    return scaling;
  }

  /** {@return the sample that the network is called with, before input scaling} */
  public Combination sample() {
    return Combination.of(new Symbol(Kind.SAMPLE, row));
  }

  /**
   * {@return the sample that the previous row (network call) of the plan computed} In inpainting,
   * the sampling loop replaces the part of the sample outside the mask after each row. The result
   * of this method is the sample before this replacement.
   */
  public Combination unblended() {
    return Combination.of(new Symbol(Kind.UNBLENDED, row));
  }

  /** {@return the denoised prediction after clipping} */
  public Combination denoised() {
    return Combination.of(new Symbol(Kind.DENOISED, row));
  }

  /** {@return the denoised prediction before clipping} */
  public Combination raw() {
    return Combination.of(new Symbol(isClipped ? Kind.RAW : Kind.DENOISED, row));
  }

  /**
   * {@return the denoised prediction for the negative prompt; if guidance is off, the same as
   * {@link #raw}} The sampling loop computes this prediction only if the solver calls this method.
   */
  public Combination unguided() {
    needsUnguided = true;
    return Combination.of(new Symbol(Kind.UNGUIDED, row));
  }

  /** {@return the output of the network} */
  public Combination modelOutput() {
    return Combination.of(new Symbol(Kind.MODEL_OUTPUT, row));
  }

  /**
   * {@return the derivative of the sample with respect to sigma, {@code (x - D) / sigma}, where D
   * is the denoised prediction after clipping} This derivative is the right-hand side of the ODE in
   * k-diffusion's form and for rectified flow.
   */
  public Combination derivative() {
    return sample().minus(denoised()).over(level.sigma());
  }

  /**
   * {@return the noise that the clipped denoised prediction D implies: {@code (x - alpha D) /
   * sigma}}
   */
  public Combination epsilon() {
    return epsilon(denoised());
  }

  /** {@return the noise that the denoised prediction before clipping implies} */
  public Combination rawEpsilon() {
    return epsilon(raw());
  }

  private Combination epsilon(Combination denoised) {
    return sample().minus(denoised.times(level.alpha())).over(level.sigma());
  }
}
