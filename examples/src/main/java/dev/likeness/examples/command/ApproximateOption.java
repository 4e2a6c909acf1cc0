package dev.likeness.examples.command;

import dev.likeness.diffusion.Approximation;
import dev.likeness.diffusion.ImageRequest;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import picocli.CommandLine.Option;

/** Nearly the same picture with less work. */
final class ApproximateOption {
  private static final Pattern WAY = Pattern.compile("(deep-cache|deep-forecast|extrapolate):([1-9]\\d?)");

  @Option(names = "--approximate", paramLabel = "WAY:N",
      description = "nearly the same picture in less time: extrapolate:N asks the network at one of N steps"
          + " or fewer, deep-cache:N its deep layers, deep-forecast:N the same and continues what they say; extrapolate:2 is the"
          + " closest, extrapolate:4 the fastest that stays close")
  private String way;

  ImageRequest on(ImageRequest request) {
    if (way == null) {
      return request;
    }
    Matcher said = WAY.matcher(way);
    if (!said.matches()) {
      throw new IllegalArgumentException(
          "unknown approximation \"" + way + "\"; known: deep-cache:N, deep-forecast:N and extrapolate:N with N from 1 to 99, e.g. extrapolate:4");
    }
    int every = Integer.parseInt(said.group(2));
    return request.approximation(switch (said.group(1)) {
      case "deep-cache" -> Approximation.deepCache(every, 0);
      case "deep-forecast" -> Approximation.deepForecast(every, 0);
      default -> Approximation.extrapolation(every);
    });
  }
}
