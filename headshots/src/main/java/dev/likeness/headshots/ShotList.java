package dev.likeness.headshots;

import com.fasterxml.jackson.jr.ob.JSON;
import dev.likeness.diffusion.ImageRequest;
import dev.likeness.diffusion.error.UnusableInput;
import dev.likeness.diffusion.image.Picture;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.IntStream;

/** The headshots of a shoot as they stand in its record, one object each, and read from there. */
final class ShotList {
  private ShotList() {}

  static List<Map<String, Object>> of(Shoot shoot) {
    List<Headshot> headshots = shoot.headshots();
    return IntStream.range(0, headshots.size())
        .mapToObj(i -> entry(headshots.get(i), Headshot.fileName(i), shoot.request().likeness())).toList();
  }

  /** What the record beside a headshot's file says of it. */
  static Optional<Map<?, ?>> find(Path file) {
    Path record = file.resolveSibling(ShootRecord.FILE);
    if (!Files.isRegularFile(record)) {
      return Optional.empty();
    }
    try {
      Object shots = JSON.std.mapFrom(Files.readAllBytes(record)).get("headshots");
      return (shots instanceof List<?> list ? list : List.of()).stream()
          .<Map<?, ?>>map(shot -> shot instanceof Map<?, ?> map ? map : Map.of())
          .filter(shot -> file.getFileName().toString().equals(shot.get("file")) && shot.get("prompt") instanceof String)
          .findFirst();
    } catch (IOException e) {
      throw new UnusableInput(record + " cannot be read: " + e.getMessage() + "; edit a copy of the picture alone", e);
    }
  }

  /** The headshot of such an entry. */
  static Headshot headshot(Map<?, ?> shot, Picture picture) {
    Style style = Style.all().stream().filter(known -> known.name().equals(shot.get("style"))).findFirst()
        .orElse(Style.usual().get(0));
    ImageRequest request = ImageRequest.of((String) shot.get("prompt")).negative(String.valueOf(shot.get("negative")))
        .steps((int) number(shot, "steps", 0)).guidance(number(shot, "guidance", Double.NaN))
        .seed((long) number(shot, "seed", 0)).size(picture.width(), picture.height());
    return new Headshot(picture, style, request.seed(), request, number(shot, "likeness", 1));
  }

  private static double number(Map<?, ?> shot, String name, double otherwise) {
    return shot.get(name) instanceof Number number ? number.doubleValue() : otherwise;
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
    object.put("width", headshot.picture().width());
    object.put("height", headshot.picture().height());
    object.put("drawn_width", request.width());
    object.put("drawn_height", request.height());
    object.put("likeness", likeness);
    return object;
  }
}
