package dev.likeness.cli.command;

import dev.likeness.diffusion.request.CachingOptions;
import dev.likeness.diffusion.request.ImageRequest;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import picocli.CommandLine.Option;

/** Nearly the same picture with less work. */
final class ApproximateOption {
  private static final Pattern WAY = Pattern.compile(
      "(?:(deep-cache|deep-forecast|extrapolate):([1-9]\\d?)|first-block:(\\d*\\.?\\d+))?(?:(?:^|,)merge:(\\d*\\.?\\d+))?");

  @Option(
      names = "--approximate",
      paramLabel = "WAY",
      description =
          "nearly the same picture in less time: extrapolate:N asks the network at steps that come"
              + " to lie N apart, deep-cache:N its deep layers, deep-forecast:N the same and continues what they say, first-block:CHANGE"
              + " a transformer's other blocks where the first changed by more; merge:SHARE, beside any with a comma, merges so"
              + " many of a UNet's tokens; extrapolate:2 is the closest, extrapolate:4 the fastest that stays close;"
              + " a --scheduler that adds noise, such as euler_a, makes other pictures of either")
  private String way;

  ImageRequest on(ImageRequest request) {
    if (way == null) {
      return request;
    }
    Matcher said = WAY.matcher(way);
    if (way.isEmpty() || !said.matches()) {
      throw new IllegalArgumentException(
          "unknown approximation \"" + way + "\"; known: deep-cache:N, deep-forecast:N and"
              + " extrapolate:N with N from 1 to 99, first-block:CHANGE, and merge:SHARE by itself or behind one of them with a"
              + " comma, e.g. extrapolate:4 or deep-cache:3,merge:0.5");
    }
    CachingOptions one = said.group(3) != null
        ? CachingOptions.firstBlock(Double.parseDouble(said.group(3)))
        : said.group(1) == null
            ? CachingOptions.NONE
            : counted(said.group(1), Integer.parseInt(said.group(2)));
    return request.approximation(
        said.group(4) == null ? one : one.merging(Double.parseDouble(said.group(4))));
  }

  private static CachingOptions counted(String kind, int every) {
    return switch (kind) {
      case "deep-cache" -> CachingOptions.deepCache(every, 0);
      case "deep-forecast" -> CachingOptions.deepForecast(every, 0);
      default -> CachingOptions.extrapolation(every);
    };
  }
}
