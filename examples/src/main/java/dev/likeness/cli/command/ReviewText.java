package dev.likeness.cli.command;

import dev.likeness.photos.PhotoReview;
import dev.likeness.photos.PhotoVerdict;
import dev.likeness.photos.quality.Reason;
import java.util.List;
import java.util.Locale;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * A review of photos as lines for people: one a photo, then how many can be used and what the set
 * lacks.
 */
public final class ReviewText {
  private ReviewText() {}

  /** The lines of a review. */
  public static List<String> lines(PhotoReview review) {
    int widest =
        review.photos().stream().mapToInt(photo -> photo.name().length()).max().orElse(0);
    Stream<String> photos = review.photos().stream().map(photo -> line(photo, widest));
    String sum = String.format(
        Locale.ROOT,
        "%d of %d photos can be used, readiness %.0f %%",
        review.set().accepted(),
        review.set().photos(),
        100 * review.set().readiness());
    return Stream.of(photos, Stream.of(sum), review.set().advice().stream())
        .flatMap(lines -> lines)
        .toList();
  }

  private static String line(PhotoVerdict photo, int widest) {
    String why = photo.reasons().stream().map(Reason::message).collect(Collectors.joining("; "));
    return String.format(
            Locale.ROOT,
            "%-" + widest + "s  %-6s  %s",
            photo.name(),
            photo.verdict().word(),
            why)
        .stripTrailing();
  }
}
