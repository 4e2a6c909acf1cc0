package dev.likeness.cli.command;

import dev.likeness.diffusion.error.InvalidInputException;
import dev.likeness.diffusion.internal.model.ModelExtras.Extra;
import dev.likeness.diffusion.request.CachingOptions;
import dev.likeness.diffusion.request.DegradedGuidance;
import dev.likeness.diffusion.request.GuidanceOptions;
import dev.likeness.diffusion.request.ImageRequest;
import dev.likeness.diffusion.request.PromptSyntax;
import dev.likeness.diffusion.request.TextualInversion;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import picocli.CommandLine.Option;

/** How guidance works beyond its scale. */
final class GenerateOptions {
  @Option(
      names = "--guidance-formula",
      paramLabel = "NAME",
      defaultValue = "cfg",
      description = "cfg, zero-star or projected (default: ${DEFAULT-VALUE})")
  private String formula;

  @Option(
      names = "--true-cfg",
      paramLabel = "G",
      defaultValue = "1",
      description =
          "for bases whose network has guidance of its own: guidance by prompt and negative"
              + " prompt too, twice the work (default: ${DEFAULT-VALUE}, off)")
  private double trueCfgScale;

  @Option(
      names = "--guidance-rescale",
      paramLabel = "X",
      defaultValue = "0",
      description = "brings the contrast of strong guidance back, 0..1 (default: ${DEFAULT-VALUE})")
  private double rescale;

  @Option(
      names = "--guidance-start",
      paramLabel = "X",
      defaultValue = "0",
      description = "the share of the run at which guidance begins (default: ${DEFAULT-VALUE})")
  private double guidanceStart;

  @Option(
      names = "--guidance-end",
      paramLabel = "X",
      defaultValue = "1",
      description = "the share at which it ends (default: ${DEFAULT-VALUE})")
  private double guidanceEnd;

  @Option(
      names = "--sequential-guidance",
      description = "asks for one prompt after the other: slower, in half the memory")
  private boolean sequential;

  @Option(
      names = "--skip-layers",
      paramLabel = "N",
      split = ",",
      description =
          "for transformers: guidance away from the image without these blocks, e.g. 7,8,9")
  private int[] skipLayers;

  @Option(
      names = "--pag-layers",
      paramLabel = "LAYER",
      split = ",",
      description =
          "away from the image with perturbed attention in these layers: mid, blocks.1 and so on")
  private String[] perturbedLayers;

  @Option(
      names = "--degraded-guidance-scale",
      paramLabel = "G",
      defaultValue = "NaN",
      description = "how far away from it (default: 2.8 for --skip-layers, 3 for --pag-layers)")
  private double degradedScale;

  ImageRequest apply(ImageRequest request) {
    if (skipLayers != null && perturbedLayers != null) {
      throw new IllegalArgumentException("give one of --skip-layers and --pag-layers");
    }
    if (!Double.isNaN(degradedScale) && skipLayers == null && perturbedLayers == null) {
      throw new IllegalArgumentException(
          "--degraded-guidance-scale does nothing without --skip-layers or --pag-layers; give one of them");
    }
    GuidanceOptions guidance = guidanceFormula()
        .rescale(rescale)
        .between(guidanceStart, guidanceEnd)
        .trueCfgScale(trueCfgScale);
    DegradedGuidance degradedGuidance = skipLayers != null
        ? DegradedGuidance.skipLayers(skipLayers)
        : perturbedLayers != null ? DegradedGuidance.perturbedAttention(perturbedLayers) : null;
    GuidanceOptions driven = degradedGuidance == null
        ? guidance
        : guidance.degradedGuidance(
            Double.isNaN(degradedScale) ? degradedGuidance : degradedGuidance.scale(degradedScale));
    return request.guidance(sequential ? driven.sequentially() : driven);
  }

  private GuidanceOptions guidanceFormula() {
    return switch (formula) {
      case "cfg" -> GuidanceOptions.DEFAULT;
      case "zero-star" -> GuidanceOptions.DEFAULT.cfgZeroStar(1);
      case "projected" -> GuidanceOptions.DEFAULT.adaptiveProjectedGuidance(0, -0.5, 5);
      default ->
        throw new IllegalArgumentException(
            "unknown guidance rule \"" + formula + "\"; known: cfg, zero-star, projected");
    };
  }

  /** Nearly the same image with less work. */
  static final class CachingOption {
    private static final Pattern PATTERN = Pattern.compile(
        "(?:(deep-cache|deep-forecast|extrapolate):([1-9]\\d?)|first-block:(\\d*\\.?\\d+))?(?:(?:^|,)merge:(\\d*\\.?\\d+))?");

    @Option(
        names = "--caching",
        paramLabel = "WAY",
        description =
            "nearly the same image in less time: extrapolate:N asks the network at steps that come"
                + " to lie N apart, deep-cache:N its deep layers, deep-forecast:N the same and continues what they say, first-block:CHANGE"
                + " a transformer's other blocks where the first changed by more; merge:SHARE, beside any with a comma, merges so"
                + " many of a UNet's tokens; extrapolate:2 is the closest, extrapolate:4 the fastest that stays close;"
                + " a --scheduler that adds noise, such as euler_a, makes other images of either")
    private String caching;

    ImageRequest apply(ImageRequest request) {
      if (caching == null) {
        return request;
      }
      Matcher said = PATTERN.matcher(caching);
      if (caching.isEmpty() || !said.matches()) {
        throw new IllegalArgumentException(
            "unknown approximation \"" + caching + "\"; known: deep-cache:N, deep-forecast:N and"
                + " extrapolate:N with N from 1 to 99, first-block:CHANGE, and merge:SHARE by itself or behind one of them with a"
                + " comma, e.g. extrapolate:4 or deep-cache:3,merge:0.5");
      }
      CachingOptions one = said.group(3) != null
          ? CachingOptions.firstBlock(Double.parseDouble(said.group(3)))
          : said.group(1) == null
              ? CachingOptions.NONE
              : withInterval(said.group(1), Integer.parseInt(said.group(2)));
      return request.caching(
          said.group(4) == null ? one : one.tokenMerging(Double.parseDouble(said.group(4))));
    }

    private static CachingOptions withInterval(String kind, int every) {
      return switch (kind) {
        case "deep-cache" -> CachingOptions.deepCache(every, 0);
        case "deep-forecast" -> CachingOptions.deepForecast(every, 0);
        default -> CachingOptions.extrapolation(every);
      };
    }
  }

  /** Drawing in few steps, with the LoRA that a base brings for it. */
  static final class FewStepOption {
    private static final int STEPS = 4;

    @Option(
        names = "--few-step",
        description =
            "draws in 4 steps (or --steps), without guidance, with LCM and the LoRA that the"
                + " base brings for it (lora/few-step.safetensors)")
    private boolean isEnabled;

    /** The LoRA, where few steps are asked for. */
    Optional<WeightedFile> lora(BaseOptions base) {
      if (!isEnabled) {
        return Optional.empty();
      }
      Path file = Extra.FEW_STEP_LORA.at(base.folder());
      if (!Files.exists(file)) {
        throw new InvalidInputException(
            "the base " + base.name() + " brings no LoRA for few steps (" + file
                + "); give one with --lora FILE --scheduler lcm --steps 4 --guidance 1");
      }
      return Optional.of(new WeightedFile(file, 1));
    }

    /** The request as few steps want it. */
    ImageRequest apply(ImageRequest request) {
      if (!isEnabled) {
        return request;
      }
      if (request.scheduler() != null || !Double.isNaN(request.guidance())) {
        throw new IllegalArgumentException(
            "--few-step draws with LCM and without guidance; leave --scheduler and --guidance out");
      }
      return request
          .scheduler("lcm")
          .guidance(1)
          .steps(request.steps() == 0 ? STEPS : request.steps());
    }
  }

  /** Steps that are given one by one, in place of a number of them. */
  static final class CustomStepsOptions {
    @Option(
        names = "--timesteps",
        paramLabel = "T",
        split = ",",
        description =
            "draws at these timesteps, from noise to the image, in place of --steps, e.g. 999,749,499,249")
    private double[] timesteps;

    @Option(
        names = "--sigmas",
        paramLabel = "S",
        split = ",",
        description =
            "draws over these noise levels, as the --scheduler counts them, in place of --steps, e.g. 14.6,3.8,1.3,0.4,0")
    private double[] sigmas;

    /**
     * The request in these steps, if any.
     *
     * @param steps the number of steps that was asked for, or 0
     */
    ImageRequest apply(ImageRequest request, int steps) {
      if (timesteps == null && sigmas == null) {
        return request;
      }
      if (timesteps != null && sigmas != null || steps != 0) {
        throw new IllegalArgumentException(
            "--steps, --timesteps and --sigmas each say all of the steps; give one of them");
      }
      return timesteps != null ? request.timesteps(timesteps) : request.sigmas(sigmas);
    }
  }

  /** How prompts are read. */
  static final class PromptOptions {
    @Option(
        names = "--prompt-syntax",
        paramLabel = "NAME",
        defaultValue = "plain",
        description =
            "plain, or a1111: (word:1.2), [word], BREAK, [from:to:when], [a|b], any length (default: "
                + "${DEFAULT-VALUE})")
    private String syntax;

    @Option(
        names = "--clip-skip",
        paramLabel = "N",
        defaultValue = "0",
        description =
            "leaves out the text encoder's last N layers, beyond the base's own: the web UI's clip skip 2 is 1 on Stable"
                + " Diffusion 1.x, 0 on XL and 2.x (default: ${DEFAULT-VALUE})")
    private int clipSkip;

    @Option(
        names = "--embedding",
        paramLabel = "FILE",
        description = "a textual inversion that the prompts may name; may be given several times")
    private List<Path> embeddings = List.of();

    ImageRequest apply(ImageRequest request) {
      ImageRequest told = request.syntax(PromptSyntax.parse(syntax)).clipSkip(clipSkip);
      for (Path file : embeddings) {
        told = told.textualInversion(TextualInversion.open(file));
      }
      return told;
    }
  }
}
