package dev.likeness.cli.command;

import dev.likeness.diffusion.error.InvalidInputException;
import dev.likeness.diffusion.internal.model.ModelExtras.Extra;
import dev.likeness.diffusion.request.CachingOptions;
import dev.likeness.diffusion.request.GuidanceOptions;
import dev.likeness.diffusion.request.ImageRequest;
import dev.likeness.diffusion.request.PromptSyntax;
import dev.likeness.diffusion.request.TextualInversion;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import picocli.CommandLine.ITypeConverter;
import picocli.CommandLine.Option;
import picocli.CommandLine.TypeConversionException;

/** The options for guidance beyond its scale. */
final class GenerateOptions {
  @Option(
      names = "--guidance-formula",
      paramLabel = "NAME",
      defaultValue = "cfg",
      description = "guidance formula: cfg, zero-star or projected (default: ${DEFAULT-VALUE})")
  private String formula;

  @Option(
      names = "--true-cfg",
      paramLabel = "G",
      defaultValue = "1",
      description =
          "scale of classifier-free guidance on bases with embedded guidance. It takes twice the "
              + "time; 1 turns it off (default: ${DEFAULT-VALUE})")
  private double trueCfgScale;

  @Option(
      names = "--guidance-rescale",
      paramLabel = "X",
      defaultValue = "0",
      description = "guidance rescale, 0..1, against overexposure (default: ${DEFAULT-VALUE})")
  private double rescale;

  @Option(
      names = "--guidance-start",
      paramLabel = "X",
      defaultValue = "0",
      description = "share of the steps, 0..1, where guidance starts (default: ${DEFAULT-VALUE})")
  private double guidanceStart;

  @Option(
      names = "--guidance-end",
      paramLabel = "X",
      defaultValue = "1",
      description = "share of the steps, 0..1, where guidance ends (default: ${DEFAULT-VALUE})")
  private double guidanceEnd;

  @Option(
      names = "--sequential-guidance",
      description = "runs prompt and negative prompt one after the other: slower, half the memory")
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
  static final class CachingOption {
    private static final Pattern PATTERN = Pattern.compile(
        "(?:(deep-cache|deep-forecast|extrapolate):([1-9]\\d?)|first-block:(\\d*\\.?\\d+))?"
            + "(?:(?:^|,)merge:(\\d*\\.?\\d+))?");

    @Option(
        names = "--caching",
        paramLabel = "METHOD[:N]",
        description =
            "reduces the work and gives nearly the same image. extrapolate:N runs the network only "
                + "every N steps. deep-cache:N runs its deep layers only every N steps; "
                + "deep-forecast:N also extrapolates their results. first-block:CHANGE skips a "
                + "transformer's other blocks if the first block's output changed by less than "
                + "CHANGE. merge:SHARE merges this share of a UNet's tokens; it may follow another "
                + "method after a comma. extrapolate:2 is the most accurate. Use a --scheduler "
                + "that adds no noise: with others, such as euler_a, images differ more")
    private String caching;

    ImageRequest apply(ImageRequest request) {
      if (caching == null) {
        return request;
      }
      Matcher said = PATTERN.matcher(caching);
      if (caching.isEmpty() || !said.matches()) {
        throw new IllegalArgumentException(
            "unknown caching method \"" + caching + "\"; known: deep-cache:N, deep-forecast:N and "
                + "extrapolate:N with N from 1 to 99, first-block:CHANGE, and merge:SHARE, alone or"
                + " after another method and a comma, as extrapolate:4 or deep-cache:3,merge:0.5");
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
            + "); give it: --lora FILE --scheduler lcm --steps 4 --guidance 1");
      }
      return Optional.of(new WeightedFile(file, 1));
    }

    /** Returns the request with the settings of few-step sampling. */
    ImageRequest apply(ImageRequest request) {
      if (!isEnabled) {
        return request;
      }
      if (request.scheduler() != null || !Double.isNaN(request.guidance())) {
        throw new IllegalArgumentException(
            "--few-step uses LCM without guidance; leave --scheduler and --guidance out");
      }
      return request
          .scheduler("lcm")
          .guidance(1)
          .steps(request.steps() == 0 ? STEPS : request.steps());
    }
  }

  /** The options for custom timesteps or sigmas. */
  static final class CustomStepsOptions {
    @Option(
        names = "--timesteps",
        paramLabel = "T",
        split = ",",
        description = "timesteps to sample at, from noise to image, instead of --steps, such as "
            + "999,749,499,249")
    private double[] timesteps;

    @Option(
        names = "--sigmas",
        paramLabel = "S",
        split = ",",
        description =
            "sigmas to sample at, as --scheduler defines them, instead of --steps, such as "
                + "14.6,3.8,1.3,0.4,0")
    private double[] sigmas;

    /**
     * Returns the request with the custom steps, if given.
     *
     * @param steps the number of steps given by --steps, or 0
     */
    ImageRequest apply(ImageRequest request, int steps) {
      if (timesteps == null && sigmas == null) {
        return request;
      }
      if (timesteps != null && sigmas != null || steps != 0) {
        throw new IllegalArgumentException(
            "--steps, --timesteps and --sigmas exclude each other; give one of them");
      }
      return timesteps != null ? request.timesteps(timesteps) : request.sigmas(sigmas);
    }
  }

  /** The options for prompts. */
  static final class PromptOptions {
    @Option(
        names = "--prompt-syntax",
        paramLabel = "NAME",
        defaultValue = "plain",
        description =
            "plain, or a1111 with (word:1.2), [word], BREAK, [from:to:when], [a|b] and any "
                + "length (default: ${DEFAULT-VALUE})")
    private String syntax;

    @Option(
        names = "--clip-skip",
        paramLabel = "N",
        defaultValue = "0",
        description = "number of last text encoder layers to skip, in addition to the layers that "
            + "the base skips. For clip skip 2 of the web UI, give 1 if the base uses the last "
            + "layer, otherwise 0 (default: ${DEFAULT-VALUE})")
    private int clipSkip;

    @Option(
        names = "--embedding",
        paramLabel = "FILE[=NAME]",
        description =
            "textual inversion. Prompts use it by NAME, by the file's name without ending, or by "
                + "the name in the file; may be repeated")
    private List<String> embeddings = List.of();

    ImageRequest apply(ImageRequest request) {
      ImageRequest parsed = request.syntax(PromptSyntax.parse(syntax)).clipSkip(clipSkip);
      List<TextualInversion> others = new ArrayList<>();
      for (String given : embeddings) {
        int end = Files.exists(Path.of(given)) ? -1 : given.lastIndexOf('=');
        List<TextualInversion> own = new ArrayList<>(
            TextualInversion.openWithAllNames(Path.of(end < 0 ? given : given.substring(0, end))));
        if (end >= 0) {
          own.add(0, own.get(0).withToken(given.substring(end + 1)));
        }
        parsed = parsed.textualInversion(own.get(0));
        others.addAll(own.subList(1, own.size()));
      }
      return withUnambiguous(parsed, others);
    }

    /** Adds further names, except those that would stand for two textual inversions. */
    private static ImageRequest withUnambiguous(
        ImageRequest request, List<TextualInversion> others) {
      ImageRequest all = request;
      for (TextualInversion other : others) {
        boolean taken = Stream.concat(
                request.prompts().textualInversions().stream(), others.stream())
            .anyMatch(one -> one.token().equalsIgnoreCase(other.token())
                && !one.withToken(other.token()).equals(other));
        all = taken ? all : all.textualInversion(other);
      }
      return all;
    }
  }
}
