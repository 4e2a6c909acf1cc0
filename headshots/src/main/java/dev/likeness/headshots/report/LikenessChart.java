package dev.likeness.headshots.report;

import dev.likeness.headshots.score.ScoreAspect;
import dev.likeness.headshots.score.ScoreCard;
import dev.likeness.headshots.shoot.SelectionResult;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.stream.Stream;

/** A bar chart of the likeness of each generated image, highest first, as SVG for an HTML page. */
public final class LikenessChart {
  private static final int WIDTH = 640;
  private static final int HEIGHT = 180;
  private static final int MARGIN = 24;

  private record Bar(double likeness, double threshold, boolean isSelected) {}

  private LikenessChart() {}

  /**
   * The chart of a selection.
   *
   * @param choice the result of the selection
   * @return HTML with a heading and an SVG element; empty if likeness was not measured. If likeness
   *     has a limit, the chart has a line at this limit
   */
  public static String svg(SelectionResult choice) {
    return svg(choice.verdicts().stream()
        .flatMap(verdict -> barOf(verdict.candidate().card(), verdict.isSelected()).stream()));
  }

  /** The chart of images that were all kept. */
  static String svg(List<ScoreCard> cards) {
    return svg(cards.stream().flatMap(card -> barOf(card, true).stream()));
  }

  private static Optional<Bar> barOf(ScoreCard card, boolean kept) {
    return card.of(ScoreAspect.LIKENESS)
        .filter(score -> !Double.isNaN(score.value()))
        .map(score -> new Bar(score.value(), score.threshold(), kept));
  }

  private static String svg(Stream<Bar> measured) {
    List<Bar> bars =
        measured.sorted(Comparator.comparingDouble((Bar bar) -> -bar.likeness)).toList();
    if (bars.isEmpty()) {
      return "";
    }
    StringBuilder svg = new StringBuilder(String.format(
        Locale.ROOT,
        "<h3>Likeness</h3>%n<p class=\"note\">Similarity of each image "
            + "to the photos, 1 for identical; selected images are green. %s</p>%n"
            + "<svg viewBox=\"0 0 %d %d\" role=\"img\" "
            + "aria-label=\"likeness of each image, highest first\">%n",
        Double.isFinite(bars.get(0).threshold)
            ? "Images below the line may show another person."
            : "There is no line: the face embedder was made for rendered faces and cannot"
                + " recognise real people.",
        WIDTH,
        HEIGHT));
    double step = (WIDTH - 2.0 * MARGIN) / bars.size();
    for (int i = 0; i < bars.size(); i++) {
      Bar bar = bars.get(i);
      double top = height(bar.likeness);
      svg.append(String.format(
          Locale.ROOT,
          "<rect class=\"%s\" x=\"%.1f\" y=\"%.1f\" width=\"%.1f\" height=\"%.1f\"><title>"
              + "%.2f</title></rect>%n",
          bar.isSelected ? "selected" : "rejected",
          MARGIN + i * step,
          top,
          Math.max(1, step - 3),
          HEIGHT - MARGIN - top,
          bar.likeness));
    }
    if (!Double.isFinite(bars.get(0).threshold)) {
      return svg.append("</svg>\n").toString();
    }
    double line = height(bars.get(0).threshold);
    return svg.append(String.format(
            Locale.ROOT,
            "<line x1=\"%d\" x2=\"%d\" y1=\"%.1f\" y2=\"%.1f\"/><text x=\"%d\" y=\"%.1f\">"
                + "%.2f</text>%n</svg>%n",
            MARGIN,
            WIDTH - MARGIN,
            line,
            line,
            WIDTH - MARGIN - 30,
            line - 4,
            bars.get(0).threshold))
        .toString();
  }

  private static double height(double likeness) {
    return HEIGHT - MARGIN - Math.max(0, Math.min(1, likeness)) * (HEIGHT - 2 * MARGIN);
  }
}
