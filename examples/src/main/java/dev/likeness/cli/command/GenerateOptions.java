package dev.likeness.cli.command;

import dev.likeness.diffusion.internal.sampling.ClassifierFree;
import dev.likeness.diffusion.internal.sampling.GuidanceRule;
import dev.likeness.diffusion.internal.sampling.Projected;
import dev.likeness.diffusion.internal.sampling.ZeroStar;
import dev.likeness.diffusion.request.DegradedGuidance;
import dev.likeness.diffusion.request.GuidanceOptions;
import dev.likeness.diffusion.request.ImageRequest;
import java.util.function.DoubleFunction;
import picocli.CommandLine.Option;

/** How guidance works beyond its scale. */
final class GenerateOptions {
  @Option(
      names = "--guidance-rule",
      paramLabel = "NAME",
      defaultValue = "cfg",
      description = "cfg, zero-star or projected (default: ${DEFAULT-VALUE})")
  private String rule;

  @Option(
      names = "--true-cfg",
      paramLabel = "G",
      defaultValue = "1",
      description =
          "FLUX: guidance by prompt and negative prompt too, twice the work (default: ${DEFAULT-VALUE}, off)")
  private double trueCfg;

  @Option(
      names = "--guidance-rescale",
      paramLabel = "X",
      defaultValue = "0",
      description = "brings the contrast of strong guidance back, 0..1 (default: ${DEFAULT-VALUE})")
  private double rescale;

  @Option(
      names = "--guidance-from",
      paramLabel = "X",
      defaultValue = "0",
      description = "the share of the run at which guidance begins (default: ${DEFAULT-VALUE})")
  private double from;

  @Option(
      names = "--guidance-until",
      paramLabel = "X",
      defaultValue = "1",
      description = "the share at which it ends (default: ${DEFAULT-VALUE})")
  private double until;

  @Option(
      names = "--sequential-guidance",
      description = "asks for one prompt after the other: slower, in half the memory")
  private boolean sequential;

  @Option(
      names = "--skip-layers",
      paramLabel = "N",
      split = ",",
      description = "Stable Diffusion 3.5: away from the picture without these blocks, e.g. 7,8,9")
  private int[] skipped;

  @Option(
      names = "--perturb",
      paramLabel = "LAYER",
      split = ",",
      description =
          "away from the picture with perturbed attention in these layers: mid, blocks.1 and so on")
  private String[] perturbed;

  @Option(
      names = "--away",
      paramLabel = "G",
      defaultValue = "NaN",
      description = "how far away from it (default: 2.8 for --skip-layers, 3 for --perturb)")
  private double away;

  ImageRequest on(ImageRequest request) {
    if (skipped != null && perturbed != null) {
      throw new IllegalArgumentException("give one of --skip-layers and --perturb");
    }
    if (!Double.isNaN(away) && skipped == null && perturbed == null) {
      throw new IllegalArgumentException(
          "--away does nothing without --skip-layers or --perturb; give one of them");
    }
    GuidanceOptions guidance = GuidanceOptions.STANDARD
        .rescale(rescale)
        .between(from, until)
        .trueCfg(trueCfg)
        .by(rule());
    DegradedGuidance weakening = skipped != null
        ? DegradedGuidance.skipping(skipped)
        : perturbed != null ? DegradedGuidance.perturbing(perturbed) : null;
    GuidanceOptions driven = weakening == null
        ? guidance
        : guidance.away(Double.isNaN(away) ? weakening : weakening.scale(away));
    return request.guidance(sequential ? driven.inTurns() : driven);
  }

  private DoubleFunction<GuidanceRule> rule() {
    return switch (rule) {
      case "cfg" -> ClassifierFree::new;
      case "zero-star" -> scale -> new ZeroStar(scale, 1);
      case "projected" -> scale -> new Projected(scale, 0, -0.5, 5);
      default ->
        throw new IllegalArgumentException(
            "unknown guidance rule \"" + rule + "\"; known: cfg, zero-star, projected");
    };
  }
}
