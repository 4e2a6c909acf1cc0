package dev.likeness.cli.command;

import dev.likeness.cli.numbers.NumberRange;
import dev.likeness.diffusion.error.InvalidInputException;
import dev.likeness.diffusion.internal.model.ModelExtras.Extra;
import dev.likeness.diffusion.request.CachingOptions;
import dev.likeness.diffusion.request.GuidanceOptions;
import dev.likeness.diffusion.request.ImageRequest;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
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

  /** The options for caching. */
  @Command(optionListHeading = "Speed and memory")
  static final class CachingOption {
    private static final Pattern PATTERN = Pattern.compile(
        "(?:(deep-cache|deep-forecast|extrapolate):([1-9]\\d?)|first-block:(\\d*\\.?\\d+))?"
            + "(?:(?:^|,)merge:(\\d*\\.?\\d+))?");

    private static final int MOST_STEPS = 99;

    @NumberRange(min = 1, max = MOST_STEPS)
    @Option(
        names = "--extrapolate",
        paramLabel = "N",
        description =
            "runs the network only every N steps, and extrapolates between them; 2 is the "
                + "most accurate. Use a --scheduler that adds no noise: with others, such as euler_a, "
                + "images differ more")
    private Integer extrapolate;

    @NumberRange(min = 1, max = MOST_STEPS)
    @Option(
        names = "--deep-cache",
        paramLabel = "N",
        description = "DeepCache: runs a UNet's deep layers only every N steps")
    private Integer deepCache;

    @NumberRange(min = 1, max = MOST_STEPS)
    @Option(
        names = "--deep-forecast",
        paramLabel = "N",
        description = "as --deep-cache, and extrapolates the results of the deep layers")
    private Integer deepForecast;

    @NumberRange(min = 0)
    @Option(
        names = "--first-block-cache",
        paramLabel = "CHANGE",
        description =
            "skips a transformer's other blocks if the first block's output changed by at "
                + "most CHANGE, such as 0.1")
    private Double firstBlock;

    @NumberRange(min = 0, max = 0.75)
    @Option(
        names = "--token-merging",
        paramLabel = "SHARE",
        description = "merges this share of a UNet's tokens, at most 0.75; can be "
            + "combined with one of the other four")
    private Double tokenMerging;

    // The option of earlier versions.
    @Option(
        names = "--caching",
        hidden = true,
        paramLabel = "METHOD[:N]",
        description = "the method of the options above, such as deep-cache:3,merge:0.5")
    private String caching;

    ImageRequest apply(ImageRequest request) {
      Optional<CachingOptions> chosen = chosen();
      if (caching == null) {
        return chosen.map(request::caching).orElse(request);
      }
      if (chosen.isPresent()) {
        throw new IllegalArgumentException("--caching is the former name of --extrapolate,"
            + " --deep-cache, --deep-forecast, --first-block-cache and --token-merging; give only"
            + " the new options");
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

    /** Returns the caching of the single options; empty if none is given. */
    private Optional<CachingOptions> chosen() {
      Map<String, Optional<CachingOptions>> methods = new LinkedHashMap<>();
      methods.put(
          "--extrapolate", Optional.ofNullable(extrapolate).map(CachingOptions::extrapolation));
      methods.put(
          "--deep-cache", Optional.ofNullable(deepCache).map(n -> CachingOptions.deepCache(n, 0)));
      methods.put(
          "--deep-forecast",
          Optional.ofNullable(deepForecast).map(n -> CachingOptions.deepForecast(n, 0)));
      methods.put(
          "--first-block-cache", Optional.ofNullable(firstBlock).map(CachingOptions::firstBlock));
      List<String> given = methods.keySet().stream()
          .filter(name -> methods.get(name).isPresent())
          .toList();
      if (given.size() > 1) {
        throw new IllegalArgumentException(
            String.join(" and ", given) + " exclude each other; give one of them");
      }
      Optional<CachingOptions> method =
          given.isEmpty() ? Optional.empty() : methods.get(given.get(0));
      return tokenMerging == null
          ? method
          : Optional.of(method.orElse(CachingOptions.NONE).tokenMerging(tokenMerging));
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
