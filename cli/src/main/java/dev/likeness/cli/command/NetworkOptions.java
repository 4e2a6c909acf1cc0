package dev.likeness.cli.command;

import dev.likeness.cli.numbers.NumberRange;
import dev.likeness.diffusion.request.DegradedGuidance;
import dev.likeness.diffusion.request.GuidanceOptions;
import dev.likeness.diffusion.request.GuidanceOptions.FreeU;
import dev.likeness.diffusion.request.ImageRequest;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/** The options that change the network itself: degraded guidance and FreeU. */
@Command(optionListHeading = "Guidance")
final class NetworkOptions {
  @NumberRange(min = 0, max = 1000)
  @Option(
      names = "--skip-layers",
      paramLabel = "N",
      split = ",",
      description = "skip-layer guidance for transformers: the blocks to skip, such as 7,8,9")
  private int[] skipLayers;

  @Option(
      names = "--pag-layers",
      paramLabel = "LAYER",
      split = ",",
      description = "perturbed-attention guidance: layers to perturb, such as mid or blocks.1")
  private String[] perturbedLayers;

  @NumberRange
  @Option(
      names = "--degraded-guidance-scale",
      paramLabel = "G",
      description = "scale of --skip-layers (default: 2.8) or --pag-layers (default: 3)")
  private Double scale;

  @NumberRange(min = 0, max = 1)
  @Option(
      names = "--degraded-guidance-start",
      paramLabel = "X",
      description = "share of the steps, 0..1, where --skip-layers (default: 0.01) or --pag-layers "
          + "(default: 0) starts")
  private Double start;

  @NumberRange(min = 0, max = 1)
  @Option(
      names = "--degraded-guidance-end",
      paramLabel = "X",
      description = "share of the steps, 0..1, where --skip-layers (default: 0.2) or --pag-layers "
          + "(default: 1) ends")
  private Double end;

  @NumberRange
  @Option(
      names = "--freeu",
      paramLabel = "S1,S2,B1,B2",
      split = ",",
      hideParamSyntax = true,
      description = "FreeU for UNets: factors of skip connections and of features in the first two "
          + "up blocks, such as 0.9,0.2,1.5,1.6")
  private double[] freeU;

  /** Returns the request with these options; its guidance options are kept. */
  ImageRequest apply(ImageRequest request) {
    GuidanceOptions guidance = request.guidanceOptions();
    DegradedGuidance degraded = degradedGuidance();
    if (degraded != null) {
      guidance = guidance.degradedGuidance(degraded);
    }
    if (freeU != null) {
      if (freeU.length != 4) {
        throw new IllegalArgumentException(
            "--freeu needs four numbers, S1,S2,B1,B2, got " + freeU.length);
      }
      guidance = guidance.freeU(new FreeU(freeU[0], freeU[1], freeU[2], freeU[3]));
    }
    return request.guidance(guidance);
  }

  private DegradedGuidance degradedGuidance() {
    if (skipLayers != null && perturbedLayers != null) {
      throw new IllegalArgumentException(
          "--skip-layers and --pag-layers exclude each other; give one of them");
    }
    if (skipLayers == null && perturbedLayers == null) {
      requireAbsent("--degraded-guidance-scale", scale);
      requireAbsent("--degraded-guidance-start", start);
      requireAbsent("--degraded-guidance-end", end);
      return null;
    }
    DegradedGuidance degraded = skipLayers != null
        ? DegradedGuidance.skipLayers(skipLayers)
        : DegradedGuidance.perturbedAttention(perturbedLayers);
    return degraded
        .scale(scale == null ? degraded.scale() : scale)
        .between(start == null ? degraded.start() : start, end == null ? degraded.end() : end);
  }

  private static void requireAbsent(String option, Double given) {
    if (given != null) {
      throw new IllegalArgumentException(
          option + " does nothing without --skip-layers or --pag-layers; give one of them");
    }
  }
}
