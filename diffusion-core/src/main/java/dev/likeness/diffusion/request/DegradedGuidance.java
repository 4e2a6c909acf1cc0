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
 * @param decline how much the scale falls with every timestep below 1000, down to 0; 0 keeps it
 * @param from the share of the steps at which it begins, 0..1
 * @param until the share at which it ends
 */
public record DegradedGuidance(
    Kind kind, List<String> layers, double scale, double decline, double from, double until) {
  private static final double TIMESTEPS = 1000;

  /** How the network is degraded. */
  public enum Kind {
    SKIPPED_BLOCKS,
    PERTURBED_ATTENTION
  }

  public DegradedGuidance {
    layers = List.copyOf(layers);
    if (layers.isEmpty()) {
      throw new IllegalArgumentException(
          "guidance away from a weakened network needs the layers that are weakened; name some");
    }
    if (!(from >= 0 && from <= until && until <= 1) || decline < 0) {
      throw new IllegalArgumentException(
          "guidance away from a weakened network must begin and end in 0..1"
              + " and not decline by less than 0, got " + from + " to " + until + " and "
              + decline);
    }
  }

  /**
   * Skip-layer guidance over these blocks, with diffusers' numbers: scale 2.8 after 1 and before 20
   * % of the steps.
   */
  public static DegradedGuidance skipping(int... blocks) {
    List<String> numbers = Arrays.stream(blocks).mapToObj(Integer::toString).toList();
    return new DegradedGuidance(Kind.SKIPPED_BLOCKS, numbers, 2.8, 0, 0.01, 0.2);
  }

  /**
   * Perturbed attention guidance in these layers (diffusers': {@code mid}, {@code blocks.1}), scale
   * 3.
   */
  public static DegradedGuidance perturbing(String... layers) {
    return new DegradedGuidance(Kind.PERTURBED_ATTENTION, List.of(layers), 3, 0, 0, 1);
  }

  /** With another scale. */
  public DegradedGuidance scale(double other) {
    return new DegradedGuidance(kind, layers, other, decline, from, until);
  }

  /** With a scale that falls by so much with every timestep below 1000. */
  public DegradedGuidance declining(double each) {
    return new DegradedGuidance(kind, layers, scale, each, from, until);
  }

  /** Between two shares of the steps only. */
  public DegradedGuidance between(double start, double end) {
    return new DegradedGuidance(kind, layers, scale, decline, start, end);
  }

  /**
   * Whether it counts in a row of so many; skip-layer guidance begins after its start, as in
   * diffusers.
   */
  public boolean at(int row, int rows) {
    boolean begun = kind == Kind.SKIPPED_BLOCKS ? row > rows * from : row >= rows * from;
    return begun && row < rows * until;
  }

  /** Whether the scale is the same in every row. */
  public boolean isSteady() {
    return decline == 0;
  }

  /** The scale at a timestep. */
  public double scaleAt(double timestep) {
    return Math.max(0, scale - decline * (TIMESTEPS - timestep));
  }
}
