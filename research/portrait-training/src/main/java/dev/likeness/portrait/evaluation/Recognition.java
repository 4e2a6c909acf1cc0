package dev.likeness.portrait.evaluation;

import dev.likeness.diffusion.image.RgbImage;
import dev.likeness.headshots.shoot.Headshot;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.function.Function;
import java.util.stream.Collectors;

/**
 * In how many headshots somebody is recognised in a gallery, by style, and, as the control, in how
 * many images of the same prompts that know nothing of the person. An image without a face is not
 * recognised.
 */
record Recognition(Gallery gallery) {
  private record Look(String style, boolean recognised, double likeness) {}

  /**
   * The shares over everything and by style; {@code nobody} draws a headshot's prompt without the
   * person.
   */
  Map<String, Object> of(List<Headshot> headshots, Function<Headshot, RgbImage> nobody) {
    Map<String, Object> row = new LinkedHashMap<>();
    row.put("own judge's likeness, own photos", gallery.spread());
    put(row, "drawn", headshots.stream().map(shot -> look(shot, shot.image())).toList());
    put(
        row,
        "without the person",
        headshots.stream().map(shot -> look(shot, nobody.apply(shot))).toList());
    return row;
  }

  private static void put(Map<String, Object> row, String what, List<Look> looks) {
    row.put(
        "own judge's likeness, " + what,
        looks.stream()
            .mapToDouble(Look::likeness)
            .filter(value -> !Double.isNaN(value))
            .average()
            .orElse(Double.NaN));
    row.put("recognised, " + what, share(looks));
    looks.stream()
        .collect(Collectors.groupingBy(Look::style, LinkedHashMap::new, Collectors.toList()))
        .forEach((style, some) ->
            row.put(String.format(Locale.ROOT, "recognised, %s, %s", what, style), share(some)));
  }

  private static double share(List<Look> looks) {
    return looks.stream().filter(Look::recognised).count() / (double) looks.size();
  }

  private Look look(Headshot shot, RgbImage image) {
    Optional<float[]> face = gallery.vector(image);
    return new Look(
        shot.style().name(),
        face.map(gallery::recognises).orElse(false),
        face.map(gallery::likeness).orElse(Double.NaN));
  }
}
