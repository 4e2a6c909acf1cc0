package dev.likeness.cli.command;

import dev.likeness.headshots.shoot.Headshot;
import dev.likeness.headshots.shoot.ShootRequest;
import dev.likeness.headshots.style.HeadshotCrop;
import dev.likeness.headshots.style.Style;
import dev.likeness.photos.face.FaceDetector;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.function.Consumer;
import picocli.CommandLine.Option;

/** What headshots are asked for. */
final class ShootOptions {
  @Option(
      names = "--style",
      paramLabel = "NAME",
      description =
          "studio, office, outdoor, black-and-white, corporate, linkedin and others (a wrong name lists all); "
              + "may be given several times (default: the first four)")
  private List<String> styles = List.of();

  @Option(
      names = "--styles",
      paramLabel = "FILE",
      description = "styles of your own, as JSON; drawn instead, or chosen " + "from with --style")
  private Path styleFile;

  @Option(
      names = "--count",
      paramLabel = "N",
      defaultValue = "1",
      description = "headshots in each style (default: ${DEFAULT-VALUE})")
  private int count;

  @Option(
      names = "--steps",
      paramLabel = "N",
      defaultValue = "" + ShootRequest.STEPS,
      description = "sampling steps (default: ${DEFAULT-VALUE})")
  private int steps;

  @Option(
      names = "--guidance",
      paramLabel = "G",
      defaultValue = "NaN",
      description =
          "how strictly to follow the style (default: two thirds of what the base itself takes, at most 4)")
  private double guidance;

  @Option(
      names = "--likeness",
      paramLabel = "0..1",
      defaultValue = "1",
      description = "how strongly the person is drawn (default: ${DEFAULT-VALUE})")
  private double likeness;

  @Option(
      names = "--size",
      paramLabel = "PX",
      description = "width and height, a multiple of 8 from 64 to 4096 " + "(default: the base's)")
  private int size;

  @Option(
      names = "--seed",
      paramLabel = "S",
      defaultValue = "0",
      description = "of the first headshot (default: 0)")
  private long seed;

  @Option(
      names = "--variant",
      paramLabel = "V",
      defaultValue = "0",
      description = "which of a style's combinations of clothes, "
          + "expression, light and backdrop comes first, counted from 0 (default: 0)")
  private int variant;

  ShootRequest request() {
    return ShootRequest.of(selectedStyles(), count)
        .likeness(likeness)
        .steps(steps)
        .guidance(guidance)
        .size(size)
        .seed(seed)
        .variant(variant);
  }

  private List<Style> selectedStyles() {
    if (styleFile == null) {
      return styles.isEmpty()
          ? Style.defaults()
          : styles.stream().map(Style::named).toList();
    }
    List<Style> own = Style.read(styleFile);
    return styles.isEmpty()
        ? own
        : styles.stream()
            .map(name -> own.stream()
                .filter(s -> s.name().equalsIgnoreCase(name))
                .findFirst()
                .orElseGet(() -> Style.named(name)))
            .toList();
  }

  /** Which part of a headshot is shown. */
  static final class AspectOption {
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
    Headshot crop(Headshot headshot, FaceDetector detector, Consumer<String> notices) {
      String format = format(headshot.style());
      Optional<Headshot> cropped = headshot.crop(format, detector);
      if (cropped.isEmpty()) {
        notices.accept("seed " + headshot.seed()
            + ": no face is seen, so the image is not cropped to " + format);
      }
      return cropped.orElse(headshot);
    }

    private String format(Style style) {
      return aspect == null ? style.crop() : aspect;
    }

    /**
     * What to say where crops of images with sides of {@code side} pixels have fewer than are asked
     * for, on a base of that unit.
     */
    Optional<String> findShortage(List<Style> styles, int side, int unit) {
      List<String> asked = styles.stream()
          .map(this::format)
          .distinct()
          .filter(format -> maxSide(format) > side)
          .toList();
      int most = asked.stream().mapToInt(AspectOption::maxSide).max().orElse(0);
      return asked.isEmpty()
          ? Optional.empty()
          : Optional.of(String.join(" and ", asked) + ": images of " + side + " pixels "
              + "have fewer, so crops stay as large as they are; draw with --size "
              + (most + unit - 1) / unit * unit);
    }

    private static int maxSide(String format) {
      return HeadshotCrop.pixels(format)
          .map(pixels -> Math.max(pixels.width(), pixels.height()))
          .orElse(0);
    }

    /** Refuses what is no aspect. */
    void validate() {
      if (aspect != null) {
        try {
          HeadshotCrop.ratio(aspect);
        } catch (IllegalArgumentException e) {
          throw new IllegalArgumentException("--aspect: " + e.getMessage(), e);
        }
      }
    }
  }
}
