package dev.likeness.cli.command;

import dev.likeness.headshots.ShootRequest;
import dev.likeness.headshots.style.Style;
import java.nio.file.Path;
import java.util.List;
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
    return ShootRequest.of(chosen(), count)
        .likeness(likeness)
        .steps(steps)
        .guidance(guidance)
        .size(size)
        .seed(seed)
        .variant(variant);
  }

  private List<Style> chosen() {
    if (styleFile == null) {
      return styles.isEmpty()
          ? Style.usual()
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
}
