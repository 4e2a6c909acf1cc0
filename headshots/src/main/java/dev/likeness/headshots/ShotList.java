package dev.likeness.headshots;

import dev.likeness.diffusion.ImageRequest;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;

/** The headshots of a shoot as they stand in its record, one object each. */
final class ShotList {
  private ShotList() {}

  static List<Map<String, Object>> of(Shoot shoot) {
    List<Headshot> headshots = shoot.headshots();
    return IntStream.range(0, headshots.size())
        .mapToObj(i -> entry(headshots.get(i), Headshot.fileName(i), shoot.request().likeness())).toList();
  }

  private static Map<String, Object> entry(Headshot headshot, String file, double likeness) {
    ImageRequest request = headshot.request();
    Map<String, Object> object = new LinkedHashMap<>();
    object.put("file", file);
    object.put("style", headshot.style().name());
    object.put("seed", headshot.seed());
    object.put("prompt", request.prompt());
    object.put("negative", request.negative());
    object.put("steps", request.steps());
    object.put("guidance", request.guidance());
    object.put("width", request.width());
    object.put("height", request.height());
    object.put("likeness", likeness);
    return object;
  }
}
