package dev.likeness.diffusion.request;

import java.util.Arrays;
import java.util.List;

/**
 * Degraded guidance: moves the prediction away from the prediction of a degraded copy of the
 * network.
 *
 * <p>Skip-layer guidance (Stability AI, Stable Diffusion 3.5) leaves out blocks. Perturbed
 * attention guidance (Ahn et al. 2024, arXiv:2403.17377) replaces self-attention maps by the
 * identity matrix.
 *
 * @param kind the method by which the network is degraded
 * @param layers numbers of the skipped blocks, or regular expressions that match names of
 *     self-attention layers
 * @param scale the guidance scale; 0 turns degraded guidance off
 * @param adaptiveScale how much the scale falls for each trained timestep below 1000, at least 0; a
 *     scale that would be negative is 0
 * @param start the share of the steps after which guidance starts, 0..1
 * @param end the share of the steps after which guidance ends, {@code start}..1
 */
public record DegradedGuidance(
    Kind kind, List<String> layers, double scale, double adaptiveScale, double start, double end) {
  private static final double TIMESTEPS = 1000;

  /** The methods that degrade a network. */
  public enum Kind {
    /** Blocks are left out. */
    SKIP_LAYERS,
    /** The self-attention maps are replaced by the identity matrix. */
    PERTURBED_ATTENTION
  }

  /**
   * Checks the ranges and copies the layers.
   *
   * @throws IllegalArgumentException if {@code layers} is empty, or if a number is out of its range
   */
  public DegradedGuidance {
    layers = List.copyOf(layers);
    if (layers.isEmpty()) {
      throw new IllegalArgumentException("degraded guidance has no layers; name at least one");
    }
    GuidanceOptions.requireFloat("the scale of degraded guidance", scale);
    if (!(start >= 0 && start <= end && end <= 1 && adaptiveScale >= 0)) {
      throw new IllegalArgumentException(
          "degraded guidance needs start and end in 0..1 and in this order, and an adaptive scale"
              + " of at least 0, got start " + start + ", end " + end + " and adaptive scale "
              + adaptiveScale);
    }
  }

  /**
   * {@return skip-layer guidance with diffusers' defaults: scale 2.8 between 1 % and 20 % of the
   * steps}
   *
   * @param blocks numbers of the skipped blocks, from 0
   * @throws IllegalArgumentException if {@code blocks} is empty
   */
  public static DegradedGuidance skipLayers(int... blocks) {
    List<String> numbers = Arrays.stream(blocks).mapToObj(Integer::toString).toList();
    return new DegradedGuidance(Kind.SKIP_LAYERS, numbers, 2.8, 0, 0.01, 0.2);
  }

  /**
   * {@return perturbed attention guidance of scale 3 in every step}
   *
   * @param layers diffusers' {@code pag_applied_layers}, such as {@code mid} or {@code blocks.1}
   * @throws IllegalArgumentException if {@code layers} is empty
   */
  public static DegradedGuidance perturbedAttention(String... layers) {
    return new DegradedGuidance(Kind.PERTURBED_ATTENTION, List.of(layers), 3, 0, 0, 1);
  }

  /**
   * {@return a copy of this guidance with the given scale}
   *
   * @param other the guidance scale; 0 turns degraded guidance off
   * @throws IllegalArgumentException if the scale is NaN, infinite or beyond 3.4e38
   */
  public DegradedGuidance scale(double other) {
    return new DegradedGuidance(kind, layers, other, adaptiveScale, start, end);
  }

  /**
   * {@return this guidance with an adaptive scale}
   *
   * @param each how much the scale falls for each trained timestep below 1000, at least 0; a scale
   *     that would be negative is 0
   * @throws IllegalArgumentException if the number is negative or NaN
   */
  public DegradedGuidance adaptiveScale(double each) {
    return new DegradedGuidance(kind, layers, scale, each, start, end);
  }

  /**
   * {@return this guidance limited to an interval of the steps}
   *
   * @param start the share of the steps after which guidance starts, 0..1
   * @param end the share of the steps after which guidance ends, {@code start}..1
   * @throws IllegalArgumentException if {@code 0 <= start <= end <= 1} does not hold
   */
  public DegradedGuidance between(double start, double end) {
    return new DegradedGuidance(kind, layers, scale, adaptiveScale, start, end);
  }

  /**
   * {@return true if guidance acts in a row of the sampling plan} A row is one call of the network.
   * {@code rows * start <= row < rows * end} must hold. For skip-layer guidance, {@code row} must
   * also differ from {@code rows * start}, as in diffusers.
   *
   * @param row the row of the sampling plan, from 0
   * @param rows the number of rows
   */
  public boolean isActive(int row, int rows) {
    boolean begun = kind == Kind.SKIP_LAYERS ? row > rows * start : row >= rows * start;
    return begun && row < rows * end;
  }

  /**
   * {@return the guidance scale at a timestep}
   *
   * @param timestep the trained timestep, 0..1000
   */
  public double scaleAt(double timestep) {
    return Math.max(0, scale - adaptiveScale * (TIMESTEPS - timestep));
  }
}
