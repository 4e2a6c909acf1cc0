package dev.likeness.diffusion.request;

import java.util.Arrays;
import java.util.List;

/**
 * Guidance away from the prediction of a degraded network: with blocks left out (skip-layer
 * guidance, Stability AI's for Stable Diffusion 3.5), or with self-attentions in which every token
 * sees itself alone (perturbed attention guidance, Ahn et al. 2024, arXiv:2403.17377).
 *
 * @param kind how the network is degraded
 * @param layers numbers of the blocks left out, or regular expressions to be found in the names of
 *     the self-attentions
 * @param scale guidance scale
 * @param adaptiveScale how much the scale falls with every timestep below 1000, down to 0; 0 keeps
 *     it
 * @param start the share of the steps at which it begins, 0..1
 * @param end the share at which it ends
 */
public record DegradedGuidance(
    Kind kind, List<String> layers, double scale, double adaptiveScale, double start, double end) {
  private static final double TIMESTEPS = 1000;

  /** How the network is degraded. */
  public enum Kind {
    SKIP_LAYERS,
    PERTURBED_ATTENTION
  }

  public DegradedGuidance {
    layers = List.copyOf(layers);
    if (layers.isEmpty()) {
      throw new IllegalArgumentException(
          "guidance away from a weakened network needs the layers that are weakened; name some");
    }
    if (!(start >= 0 && start <= end && end <= 1) || adaptiveScale < 0) {
      throw new IllegalArgumentException(
          "guidance away from a weakened network must begin and end in 0..1"
              + " and not decline by less than 0, got " + start + " to " + end + " and "
              + adaptiveScale);
    }
  }

  /**
   * Skip-layer guidance over these blocks, with diffusers' numbers: scale 2.8 after 1 and before 20
   * % of the steps.
   */
  public static DegradedGuidance skipLayers(int... blocks) {
    List<String> numbers = Arrays.stream(blocks).mapToObj(Integer::toString).toList();
    return new DegradedGuidance(Kind.SKIP_LAYERS, numbers, 2.8, 0, 0.01, 0.2);
  }

  /**
   * Perturbed attention guidance in these layers (diffusers': {@code mid}, {@code blocks.1}), scale
   * 3.
   */
  public static DegradedGuidance perturbedAttention(String... layers) {
    return new DegradedGuidance(Kind.PERTURBED_ATTENTION, List.of(layers), 3, 0, 0, 1);
  }

  /** With another scale. */
  public DegradedGuidance scale(double other) {
    return new DegradedGuidance(kind, layers, other, adaptiveScale, start, end);
  }

  /** With a scale that falls by so much with every timestep below 1000. */
  public DegradedGuidance adaptiveScale(double each) {
    return new DegradedGuidance(kind, layers, scale, each, start, end);
  }

  /** Between two shares of the steps only. */
  public DegradedGuidance between(double start, double end) {
    return new DegradedGuidance(kind, layers, scale, adaptiveScale, start, end);
  }

  /**
   * Whether it counts in a row of so many; skip-layer guidance begins after its start, as in
   * diffusers.
   */
  public boolean isActive(int row, int rows) {
    boolean begun = kind == Kind.SKIP_LAYERS ? row > rows * start : row >= rows * start;
    return begun && row < rows * end;
  }

  /** Whether the scale is the same in every row. */
  public boolean isConstant() {
    return adaptiveScale == 0;
  }

  /** The scale at a timestep. */
  public double scaleAt(double timestep) {
    return Math.max(0, scale - adaptiveScale * (TIMESTEPS - timestep));
  }
}
