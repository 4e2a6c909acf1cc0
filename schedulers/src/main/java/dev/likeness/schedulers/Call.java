package dev.likeness.schedulers;

import dev.likeness.schedulers.Combination.Kind;
import dev.likeness.schedulers.Combination.Symbol;

/**
 * One call of the network, as a solver sees it: the sample that went in and what is known once the
 * answer is there.
 */
public final class Call {
  private final int row;
  private final double timestep;
  private final NoiseLevel level;
  private final Step.Scaling scaling;
  private final boolean isClipped;
  private boolean needsUnguided;

  Call(int row, double timestep, NoiseLevel level, Step.Scaling scaling, boolean clips) {
    this.row = row;
    this.timestep = timestep;
    this.level = level;
    this.scaling = scaling;
    this.isClipped = clips;
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

  /** The noise level of the sample. */
  public NoiseLevel level() {
    return level;
  }

  /** How the network was called. */
  public Step.Scaling scaling() {
    return scaling;
  }

  /** The sample that the network was given, before input scaling. */
  public Combination x() {
    return Combination.of(new Symbol(Kind.SAMPLE, row));
  }

  /**
   * The same sample as the row before made it: another one where something was put into it in
   * between, such as the kept part of an image. For solvers that go on from a sample of their own
   * rather than from the one they are given.
   */
  public Combination unblended() {
    return Combination.of(new Symbol(Kind.UNBLENDED, row));
  }

  /** The denoised prediction after clipping. */
  public Combination denoised() {
    return Combination.of(new Symbol(Kind.DENOISED, row));
  }

  /** The denoised prediction before clipping. */
  public Combination raw() {
    return Combination.of(new Symbol(isClipped ? Kind.RAW : Kind.DENOISED, row));
  }

  /**
   * The denoised prediction without guidance, under the negative prompt alone; the same as
   * {@link #raw} where nothing is guided. The row says that it is asked for.
   */
  public Combination unguided() {
    needsUnguided = true;
    return Combination.of(new Symbol(Kind.UNGUIDED, row));
  }

  /** The network's own answer. */
  public Combination modelOutput() {
    return Combination.of(new Symbol(Kind.MODEL_OUTPUT, row));
  }

  /**
   * The slope of the sample over sigma, {@code (x - D) / sigma}: the right-hand side of
   * k-diffusion's and of flow's ODE.
   */
  public Combination derivative() {
    return x().minus(denoised()).over(level.sigma());
  }

  /** The noise that the clipped prediction implies: {@code (x - alpha D) / sigma}. */
  public Combination eps() {
    return eps(denoised());
  }

  /** The noise that the raw prediction implies. */
  public Combination rawEps() {
    return eps(raw());
  }

  private Combination eps(Combination denoised) {
    return x().minus(denoised.times(level.alpha())).over(level.sigma());
  }
}
