package dev.likeness.cli.command;

import dev.likeness.cli.numbers.NumberRange;
import dev.likeness.diffusion.request.ImageRequest;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/** The options for the scheduler and its steps. */
@Command(optionListHeading = "Sampling")
final class SchedulerOptions {
  private static final Pattern LIST = Pattern.compile("\\[(.*)]");

  @Option(
      names = "--scheduler",
      paramLabel = "NAME",
      description = "scheduler, such as DDIM, euler_a, dpmpp_2m_karras or another of "
          + "docs/reference/schedulers.md (default: from the base)")
  private String scheduler;

  @Option(
      names = "--scheduler-option",
      paramLabel = "NAME=VALUE",
      description = "option of the scheduler by its diffusers name, such as "
          + "use_karras_sigmas=true, shift=3 or timestep_spacing=trailing; may be repeated")
  private Map<String, String> options = Map.of();

  @NumberRange(min = 0, max = 1)
  @Option(
      names = "--eta",
      paramLabel = "X",
      defaultValue = "NaN",
      description = "share of fresh noise in each step, 0..1, for DDIM and other schedulers that "
          + "have eta (default: the scheduler's)")
  private double eta;

  @NumberRange(min = 0)
  @Option(
      names = "--timesteps",
      paramLabel = "T",
      split = ",",
      description = "timesteps to sample at, from noise to image, instead of --steps, such as "
          + "999,749,499,249")
  private double[] timesteps;

  @NumberRange(min = 0)
  @Option(
      names = "--sigmas",
      paramLabel = "S",
      split = ",",
      description = "sigmas to sample at, as --scheduler defines them, instead of --steps, such as "
          + "14.6,3.8,1.3,0.4,0")
  private double[] sigmas;

  /** Returns true if a scheduler is named. */
  boolean isNamed() {
    return scheduler != null;
  }

  /** Returns true if the scheduler or something of it is given. */
  boolean isGiven() {
    return isNamed() || hasOwnSteps() || !options.isEmpty() || !Double.isNaN(eta);
  }

  /** Returns true if the timesteps or sigmas are given, which say the number of steps. */
  boolean hasOwnSteps() {
    return timesteps != null || sigmas != null;
  }

  /**
   * Returns the request with the scheduler and the custom steps, if given.
   *
   * @param steps the number of steps given by --steps, or null
   */
  ImageRequest apply(ImageRequest given, Integer steps) {
    ImageRequest request = scheduler == null ? given : given.scheduler(scheduler);
    request = Double.isNaN(eta) ? request : request.eta(eta);
    for (Map.Entry<String, String> option : options.entrySet()) {
      request = request.schedulerOption(option.getKey(), value(option.getKey(), option.getValue()));
    }
    if (timesteps == null && sigmas == null) {
      return request;
    }
    if (timesteps != null && sigmas != null || steps != null) {
      throw new IllegalArgumentException(
          "--steps, --timesteps and --sigmas exclude each other; give one of them");
    }
    return timesteps != null ? request.timesteps(timesteps) : request.sigmas(sigmas);
  }

  /** Parses a value as JSON has it, except that texts stand without quotes. */
  private static Object value(String name, String text) {
    Matcher list = LIST.matcher(text);
    if (list.matches()) {
      List<Double> numbers = list.group(1).isBlank()
          ? List.of()
          : Arrays.stream(list.group(1).split(",", -1))
              .map(String::strip)
              .map(SchedulerOptions::number)
              .toList();
      if (numbers.stream().anyMatch(Objects::isNull)) {
        throw new IllegalArgumentException("--scheduler-option " + name
            + " has a list with values that are not numbers; write it as [1,2]");
      }
      return numbers;
    }
    return switch (text.toLowerCase(Locale.ROOT)) {
      case "true" -> true;
      case "false" -> false;
      case "null", "none" -> null;
      default -> number(text) == null ? text : number(text);
    };
  }

  /** Returns the finite number that a text is, or null. */
  private static Double number(String text) {
    try {
      double value = Double.parseDouble(text);
      return Double.isFinite(value) ? value : null;
    } catch (NumberFormatException e) {
      return null;
    }
  }
}
