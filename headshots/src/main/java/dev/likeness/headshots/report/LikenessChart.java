package dev.likeness.headshots.report;

import dev.likeness.headshots.score.ScoreAspect;
import dev.likeness.headshots.score.ScoreCard;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.stream.Stream;

/** A bar chart of the likeness of each generated image, highest first, as SVG for an HTML page. */
final class LikenessChart {
  private static final int WIDTH = 640;
  private static final int HEIGHT = 180;
  private static final int MARGIN = 24;

  private record Bar(double likeness, double threshold, boolean isRecommended) {}

  private LikenessChart() {}

  /**
   * Returns HTML with a heading and an SVG element; empty if likeness was not measured. If likeness
   * has a limit, the chart has a line at this limit.
   */
  static String svg(Recommendation recommendation) {
    Stream<Bar> delivered = recommendation.choices().stream()
        .flatMap(choice ->
            choice.card().stream().flatMap(card -> bar(card, choice.isRecommended()).stream()));
    Stream<Bar> rejected = recommendation.selection().stream()
        .flatMap(selection -> selection.verdicts().stream())
        .filter(verdict -> !verdict.isSelected())
        .flatMap(verdict -> bar(verdict.candidate().card(), false).stream());
    return svg(Stream.concat(delivered, rejected));
  }

  private static Optional<Bar> bar(ScoreCard card, boolean isRecommended) {
    return card.of(ScoreAspect.LIKENESS)
        .filter(score -> !Double.isNaN(score.value()))
        .map(score -> new Bar(score.value(), score.threshold(), isRecommended));
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
            + "to the photos, 1 for identical; images to use are green. %s</p>%n"
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
          bar.isRecommended ? "recommended" : "other",
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
