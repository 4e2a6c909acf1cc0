package dev.likeness.cli.command;

import dev.likeness.cli.console.Console;
import dev.likeness.cli.numbers.NumberRange;
import dev.likeness.cli.paths.PathUse;
import dev.likeness.cli.paths.PathUse.Use;
import dev.likeness.headshots.shoot.Headshot;
import dev.likeness.headshots.shoot.ShootRequest;
import dev.likeness.headshots.style.HeadshotCrop;
import dev.likeness.headshots.style.Style;
import dev.likeness.photos.face.FaceDetector;
import java.nio.file.Path;
import java.util.Collections;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.Set;
import java.util.function.UnaryOperator;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** The options of a shoot. */
@Command(optionListHeading = "Headshots")
final class ShootOptions {
  @Spec(Spec.Target.MIXEE)
  private CommandSpec command;

  @Option(
      names = "--style",
      paramLabel = "NAME",
      description = "style: studio, office, outdoor, black-and-white, corporate, linkedin or "
          + "another of docs/reference/styles.md; may be repeated (default: the first four)")
  private List<String> styles = List.of();

  @PathUse(Use.READ)
  @Option(
      names = "--styles",
      paramLabel = "FILE",
      description = "JSON file with your own styles. Without --style, all of them are used; "
          + "--style takes your own style first, then the built-in style of that name")
  private Path styleFile;

  @NumberRange(min = 1, max = NumberRange.MAX_IMAGES)
  @Option(
      names = "--count",
      paramLabel = "N",
      defaultValue = "1",
      description = "headshots in each style (default: ${DEFAULT-VALUE})")
  private int count;

  @NumberRange(min = 1, max = NumberRange.MAX_STEPS)
  @Option(
      names = "--steps",
      paramLabel = "N",
      defaultValue = "" + ShootRequest.STEPS,
      description = "number of sampling steps (default: ${DEFAULT-VALUE})")
  private int steps;

  @NumberRange(min = 0)
  @Option(
      names = "--guidance",
      paramLabel = "G",
      defaultValue = "NaN",
      description =
          "guidance scale: how closely headshots follow the style (default: the style's, or else "
              + "two thirds of the base's default, at most 4)")
  private double guidance;

  @NumberRange(min = 0, max = 1)
  @Option(
      names = "--identity-strength",
      paramLabel = "0..1",
      defaultValue = "NaN",
      description = "how strongly the person acts on the images: 0 not at all, 1 as trained "
          + "(default: 1, or that of the catalogue for an IP-Adapter)")
  private double identityStrength;

  @NumberRange(min = 64, max = ShootRequest.MAX_SIZE)
  @Option(
      names = "--size",
      paramLabel = "PX",
      description =
          "width and height in pixels, a multiple of 8 from 64 to 4096 (default: from the base)")
  private Integer size;

  @Option(
      names = "--seed",
      paramLabel = "S",
      converter = GenerateOptions.SeedParser.class,
      defaultValue = "0",
      description = "seed of the first headshot (default: 0)")
  private long seed;

  @NumberRange(min = 0, max = Integer.MAX_VALUE)
  @Option(
      names = "--variant",
      paramLabel = "V",
      defaultValue = "0",
      description = "number of the combination of clothes, expression, light and backdrop with "
          + "which each style begins, counted from 0 (default: 0)")
  private int variant;

  /**
   * Returns the request, with the catalogue's settings for the base and the adapter where the user
   * gave none.
   */
  ShootRequest request(BaseOptions base, IdentityOptions identity, Console console) {
    boolean hasSteps = command.commandLine().getParseResult().hasMatchedOption("--steps");
    CatalogueRecipe recipe = CatalogueRecipe.ofHeadshots(base, hasSteps, !Double.isNaN(guidance));
    recipe.tell(console);
    double strength = Double.isNaN(identityStrength)
        ? identity.strength(base.folder(), console)
        : identityStrength;
    return recipe.apply(request().identityStrength(strength));
  }

  private ShootRequest request() {
    ShootRequest plain =
        ShootRequest.of(selectedStyles(), count).steps(steps).seed(seed).variant(variant);
    ShootRequest guided = Double.isNaN(guidance) ? plain : plain.guidance(guidance);
    return size == null ? guided : guided.size(size);
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

  /** The option that crops headshots. */
  @Command(optionListHeading = "Headshots")
  static final class AspectOption {
    @Option(
        names = "--aspect",
        paramLabel = "ASPECT",
        description = "square, avatar (round), a ratio such as 4:5 or 3:2, or pixels such as "
            + "1200x630: crops with the eyes on the upper third. Crops in pixels are scaled to "
            + "exactly this size; smaller images are enlarged (default: from the style, mostly "
            + "square)")
    private String aspect;

    /** Returns what crops headshots by the option, or else by their styles. */
    Crop crop(FaceDetector detector) {
      return new Crop(detector);
    }

    /**
     * Crops headshots. If no face is found, an image stays whole for a ratio, and its middle is
     * taken for pixels. For one shoot, on one thread.
     */
    final class Crop implements UnaryOperator<Headshot> {
      private final FaceDetector detector;
      private final Set<Headshot> whole = Collections.newSetFromMap(new IdentityHashMap<>());

      private Crop(FaceDetector detector) {
        this.detector = detector;
      }

      @Override
      public Headshot apply(Headshot headshot) {
        Optional<Headshot> cropped = headshot.crop(format(headshot.style()), detector);
        if (cropped.isEmpty()) {
          whole.add(headshot);
        }
        return cropped.orElse(headshot);
      }

      /** Returns a line about a cropped headshot that stayed whole or was enlarged. */
      Optional<String> notice(Headshot cropped) {
        String format = format(cropped.style());
        if (whole.contains(cropped)) {
          return Optional.of("seed " + cropped.seed()
              + ": no face was found, so the image is not cropped to " + format);
        }
        return cropped.enlargement() <= 1
            ? Optional.empty()
            : Optional.of(String.format(
                Locale.ROOT,
                "seed %d: enlarged %.1f times to %s, which adds no detail",
                cropped.seed(),
                cropped.enlargement(),
                format));
      }
    }

    private String format(Style style) {
      return aspect == null ? style.crop() : aspect;
    }

    /**
     * Returns a notice if crops of images of {@code side} pixels are smaller than requested.
     *
     * @param unit image sides are multiples of this number of pixels
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
          : Optional.of(String.join(" and ", asked) + ": images of " + side + " pixels are "
              + "smaller, so crops are enlarged and look soft; for sharp crops give --size "
              + (most + unit - 1) / unit * unit);
    }

    private static int maxSide(String format) {
      return HeadshotCrop.pixels(format)
          .map(pixels -> Math.max(pixels.width(), pixels.height()))
          .orElse(0);
    }

    /** Refuses an invalid aspect. */
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
