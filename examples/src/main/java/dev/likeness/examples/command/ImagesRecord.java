package dev.likeness.examples.command;

import dev.likeness.diffusion.BaseModel;
import dev.likeness.diffusion.GeneratedImage;
import dev.likeness.diffusion.ImageRequest;
import dev.likeness.diffusion.OwnSteps;
import dev.likeness.headshots.ShootRecord;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;
import picocli.CommandLine.Model.OptionSpec;
import picocli.CommandLine.ParseResult;

/**
 * How {@code generate}'s pictures came about: the options that were given, and what is listed of each picture's request (or second pass),
 * with defaults filled in.
 */
final class ImagesRecord {
  static final String FILE = "images.json";

  private ImagesRecord() {}

  static ShootRecord of(BaseModel base, ParseResult given, List<GeneratedImage> images) {
    Map<String, Object> options = new LinkedHashMap<>();
    given.matchedOptions().forEach(option -> options.put(option.longestName(), values(option)));
    options.remove("--out");
    return ShootRecord.ofPictures(base, options,
        IntStream.range(0, images.size()).mapToObj(i -> entry(base, images.get(i), NumberedFiles.name("image", i))).toList());
  }

  /** As they were typed, but of each path the last name alone: folders tell of the machine. */
  private static List<String> values(OptionSpec option) {
    String folders = option.longestName().equals("--part") ? "(?<==).*[/\\\\](?=.)" : ".*[/\\\\](?=.)";
    return option.originalStringValues().stream()
        .map(value -> option.paramLabel().equals("TEXT") ? value : value.replaceFirst(folders, "")).toList();
  }

  private static Map<String, Object> entry(BaseModel base, GeneratedImage image, String file) {
    ImageRequest request = image.request();
    Map<String, Object> entry = new LinkedHashMap<>();
    entry.put("file", file);
    entry.put("seed", image.seed());
    entry.put("prompt", request.prompt());
    entry.put("negative", request.negative());
    entry.put("scheduler", request.scheduler() == null ? base.parts().scheduler().className() : request.scheduler());
    entry.put("steps", request.steps());
    if (!request.ownSteps().equals(OwnSteps.NONE)) {
      entry.put("timesteps", request.ownSteps().timesteps());
      entry.put("sigmas", request.ownSteps().sigmas());
    }
    entry.put("guidance", request.guidance());
    if (request.initial() != null && Double.isFinite(request.initial().strength())) {
      entry.put("strength", request.initial().strength());
    }
    entry.put("width", request.width());
    entry.put("height", request.height());
    return entry;
  }
}
