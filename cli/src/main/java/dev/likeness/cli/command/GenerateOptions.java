package dev.likeness.cli.command;

import dev.likeness.cli.numbers.NumberRange;
import dev.likeness.diffusion.error.InvalidInputException;
import dev.likeness.diffusion.internal.model.ModelExtras.Extra;
import dev.likeness.diffusion.request.CachingOptions;
import dev.likeness.diffusion.request.GuidanceOptions;
import dev.likeness.diffusion.request.ImageRequest;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import picocli.CommandLine.Command;
import picocli.CommandLine.ITypeConverter;
import picocli.CommandLine.Option;
import picocli.CommandLine.TypeConversionException;

/** The options for guidance beyond its scale. */
@Command(optionListHeading = "Guidance")
final class GenerateOptions {
  @Option(
      names = "--guidance-formula",
      paramLabel = "NAME",
      defaultValue = "cfg",
      description = "guidance formula: cfg, zero-star or projected (default: ${DEFAULT-VALUE})")
  private String formula;

  @NumberRange
  @Option(
      names = "--true-cfg",
      paramLabel = "G",
      defaultValue = "1",
      description =
          "scale of classifier-free guidance on bases with embedded guidance. It takes twice the "
              + "time; 1 turns it off (default: ${DEFAULT-VALUE})")
  private double trueCfgScale;

  @NumberRange(min = 0, max = 1)
  @Option(
      names = "--guidance-rescale",
      paramLabel = "X",
      defaultValue = "0",
      description = "guidance rescale, 0..1, against overexposure (default: ${DEFAULT-VALUE})")
  private double rescale;

  @NumberRange(min = 0, max = 1)
  @Option(
      names = "--guidance-start",
      paramLabel = "X",
      defaultValue = "0",
      description = "share of the steps, 0..1, where guidance starts (default: ${DEFAULT-VALUE})")
  private double guidanceStart;

  @NumberRange(min = 0, max = 1)
  @Option(
      names = "--guidance-end",
      paramLabel = "X",
      defaultValue = "1",
      description = "share of the steps, 0..1, where guidance ends (default: ${DEFAULT-VALUE})")
  private double guidanceEnd;

  @Option(
      names = "--sequential-guidance",
      description =
          "predicts for the prompt and the negative prompt one after the other: slower, but "
              + "activations take half the memory")
  private boolean sequential;

  ImageRequest apply(ImageRequest request) {
    GuidanceOptions guidance = guidanceFormula()
        .rescale(rescale)
        .between(guidanceStart, guidanceEnd)
        .trueCfgScale(trueCfgScale);
    return request.guidance(sequential ? guidance.sequentially() : guidance);
  }

  private GuidanceOptions guidanceFormula() {
    return switch (formula) {
      case "cfg" -> GuidanceOptions.DEFAULT;
      case "zero-star" -> GuidanceOptions.DEFAULT.cfgZeroStar(1);
      case "projected" -> GuidanceOptions.DEFAULT.adaptiveProjectedGuidance(0, -0.5, 5);
      default ->
        throw new IllegalArgumentException(
            "unknown guidance formula \"" + formula + "\"; known: cfg, zero-star, projected");
    };
  }

  /**
   * Parses a seed as {@code torch.manual_seed} takes it: from -2^63 to 2^64 - 1. Those from 2^63 on
   * equal the negative ones.
   */
  static final class SeedParser implements ITypeConverter<Long> {
    @Override
    public Long convert(String text) {
      try {
        return text.startsWith("-") ? Long.parseLong(text) : Long.parseUnsignedLong(text);
      } catch (NumberFormatException e) {
        throw new TypeConversionException(
            "'" + text + "' is not a seed; expected a whole number from -2^63 to 2^64 - 1");
      }
    }
  }

  /** The option for caching. */
  @Command(optionListHeading = "Speed and memory")
  static final class CachingOption {
    private static final Pattern PATTERN = Pattern.compile(
        "(?:(deep-cache|deep-forecast|extrapolate):([1-9]\\d?)|first-block:(\\d*\\.?\\d+))?"
            + "(?:(?:^|,)merge:(\\d*\\.?\\d+))?");

    @Option(
        names = "--caching",
        paramLabel = "METHOD[:N]",
        description =
            "reduces the work and gives nearly the same image. extrapolate:N runs the network only "
                + "every N steps. deep-cache:N runs a UNet's deep layers only every N steps; "
                + "deep-forecast:N also extrapolates their results. first-block:CHANGE skips a "
                + "transformer's other blocks if the first block's output changed by at most "
                + "CHANGE. merge:SHARE merges this share of a UNet's tokens, at most 0.75; it "
                + "may follow another method after a comma. extrapolate:2 and deep-forecast:2 are "
                + "the most accurate. Use a --scheduler that adds no noise: with other schedulers, "
                + "such as euler_a, images differ more")
    private String caching;

    ImageRequest apply(ImageRequest request) {
      if (caching == null) {
        return request;
      }
      Matcher said = PATTERN.matcher(caching);
      if (caching.isEmpty() || !said.matches()) {
        throw new IllegalArgumentException(
            "unknown caching method \"" + caching + "\"; known: deep-cache:N, deep-forecast:N,"
                + " extrapolate:N, first-block:CHANGE and merge:SHARE, with N from 1 to 99; to"
                + " combine merge with another method, write e.g. deep-cache:3,merge:0.5");
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

  /** The option for few-step sampling with the base's own LoRA. */
  @Command(optionListHeading = "Speed and memory")
  static final class FewStepOption {
    private static final int STEPS = 4;

    @Option(
        names = "--few-step",
        description =
            "generates in 4 steps (or --steps) without guidance, with the LCM scheduler and "
                + "the base's own LoRA (lora/few-step.safetensors)")
    private boolean isEnabled;

    /** Returns the few-step LoRA if --few-step is given. */
    Optional<WeightedFile> lora(BaseOptions base) {
      if (!isEnabled) {
        return Optional.empty();
      }
      Path file = Extra.FEW_STEP_LORA.at(base.folder());
      if (!Files.exists(file)) {
        throw new InvalidInputException("the base " + base.name() + " has no few-step LoRA (" + file
            + " does not exist); leave --few-step out, and give --lora FILE --scheduler lcm"
            + " --steps 4 --guidance 1");
      }
      return Optional.of(new WeightedFile(file, 1));
    }

    /** Returns the request with the settings of few-step sampling. */
    ImageRequest apply(ImageRequest request, boolean named) {
      if (!isEnabled) {
        return request;
      }
      if (named || request.guidance().isPresent()) {
        throw new IllegalArgumentException(
            "--few-step uses LCM without guidance; leave --scheduler and --guidance out");
      }
      return request.scheduler("lcm").guidance(1).steps(request.steps().orElse(STEPS));
    }
  }
}
