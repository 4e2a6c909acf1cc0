package dev.likeness.cli.command;

import dev.likeness.headshots.Headshot;
import dev.likeness.headshots.style.HeadshotCrop;
import dev.likeness.headshots.style.Style;
import dev.likeness.photos.face.FaceDetector;
import java.util.List;
import java.util.Optional;
import java.util.function.Consumer;
import picocli.CommandLine.Option;

/** Which part of a headshot is shown. */
final class AspectOption {
  @Option(
      names = "--aspect",
      paramLabel = "ASPECT",
      description = "square, avatar (round), sides such as 4:5 and 3:2, or "
          + "pixels such as 1200x630: cropped with the eyes on the upper third, and reduced to the pixels where it has as many "
          + "(default: the style's, mostly square)")
  private String aspect;

  /**
   * The headshot as it is asked for; whole where no face is seen, which {@code notices} hears of.
   */
  Headshot of(Headshot headshot, FaceDetector detector, Consumer<String> notices) {
    String format = format(headshot.style());
    Optional<Headshot> cropped = headshot.cropped(format, detector);
    if (cropped.isEmpty()) {
      notices.accept("seed " + headshot.seed()
          + ": no face is seen, so the picture is not cropped to " + format);
    }
    return cropped.orElse(headshot);
  }

  private String format(Style style) {
    return aspect == null ? style.crop() : aspect;
  }

  /**
   * What to say where crops of pictures with sides of {@code side} pixels have fewer than are asked
   * for, on a base of that unit.
   */
  Optional<String> shortage(List<Style> styles, int side, int unit) {
    List<String> asked = styles.stream()
        .map(this::format)
        .distinct()
        .filter(format -> most(format) > side)
        .toList();
    int most = asked.stream().mapToInt(AspectOption::most).max().orElse(0);
    return asked.isEmpty()
        ? Optional.empty()
        : Optional.of(String.join(" and ", asked) + ": pictures of " + side + " pixels "
            + "have fewer, so crops stay as large as they are; draw with --size "
            + (most + unit - 1) / unit * unit);
  }

  private static int most(String format) {
    return HeadshotCrop.pixels(format)
        .map(pixels -> Math.max(pixels.width(), pixels.height()))
        .orElse(0);
  }

  /** Refuses what is no aspect. */
  void check() {
    if (aspect != null) {
      try {
        HeadshotCrop.ratio(aspect);
      } catch (IllegalArgumentException e) {
        throw new IllegalArgumentException("--aspect: " + e.getMessage(), e);
      }
    }
  }
}
