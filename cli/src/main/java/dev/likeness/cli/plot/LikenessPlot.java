package dev.likeness.cli.plot;

import dev.likeness.diffusion.image.RgbImage;
import dev.likeness.photos.likeness.Likeness;
import dev.likeness.photos.likeness.LikenessReport;
import dev.likeness.photos.likeness.LikenessScore;
import dev.likeness.photos.likeness.RocCurve;
import java.awt.BasicStroke;
import java.awt.Color;
import java.util.Arrays;
import java.util.Locale;
import java.util.stream.IntStream;
import org.knowm.xchart.XYChart;
import org.knowm.xchart.XYSeries;
import org.knowm.xchart.style.markers.SeriesMarkers;

/**
 * Plots a likeness report. One chart shows histograms of similarities: of the images to the photos,
 * of pairs of the person's photos, and of other people to the person. If the report has a ROC
 * curve, a second chart shows it.
 */
public final class LikenessPlot {
  private static final int WIDTH = 620;
  private static final int HEIGHT = 440;
  private static final int BINS = 36;
  private static final double MIN_COSINE = -0.2;
  private static final Color OWN_COLOR = new Color(24, 128, 84);
  private static final Color OTHERS_COLOR = new Color(140, 140, 146);
  private static final Color IMAGES_COLOR = new Color(44, 92, 190);

  private LikenessPlot() {}

  /** Renders the plot of a report that {@code likeness} created. */
  public static RgbImage render(Likeness likeness, LikenessReport report) {
    XYChart similarities =
        similarities(likeness.genuineCosines(), likeness.impostorCosines(), report);
    return report
        .roc()
        .map(roc -> PlainChart.render(similarities, curve(roc)))
        .orElseGet(() -> PlainChart.render(similarities));
  }

  private static XYChart similarities(double[] own, double[] impostors, LikenessReport report) {
    XYChart chart = chart(
        "Likeness: " + (report.isIndependent() ? "" : "not ") + "independent", "cosine", "share");
    histogram(chart, "other people", impostors, OTHERS_COLOR);
    histogram(chart, "two own photos", own, OWN_COLOR);
    double[] images = report.images().stream()
        .filter(LikenessScore::hasFace)
        .mapToDouble(LikenessScore::cosine)
        .toArray();
    histogram(chart, "images with their photos", images, IMAGES_COLOR);
    return chart;
  }

  private static void histogram(XYChart chart, String name, double[] cosines, Color color) {
    if (cosines.length == 0) {
      return;
    }
    double width = (1 - MIN_COSINE) / BINS;
    double[] share = new double[BINS];
    for (double cosine : cosines) {
      share[(int) Math.max(0, Math.min(BINS - 1, (cosine - MIN_COSINE) / width))] +=
          1.0 / cosines.length;
    }
    double[] centers = IntStream.range(0, BINS)
        .mapToDouble(i -> MIN_COSINE + (i + 0.5) * width)
        .toArray();
    XYSeries series = chart.addSeries(name, centers, share);
    series.setXYSeriesRenderStyle(XYSeries.XYSeriesRenderStyle.Area);
    series.setMarker(SeriesMarkers.NONE);
    series.setLineColor(color);
    series.setFillColor(new Color(color.getRed(), color.getGreen(), color.getBlue(), 70));
  }

  private static XYChart curve(RocCurve roc) {
    double[] rates = IntStream.rangeClosed(0, 200).mapToDouble(i -> i / 200.0).toArray();
    XYChart chart = chart(
        String.format(
            Locale.ROOT, "AUC %.3f, TAR %.2f at FAR 0.01", roc.auc(), roc.trueAcceptRateAt(0.01)),
        "impostors accepted (FAR)",
        "own accepted (TAR)");
    XYSeries series = chart.addSeries(
        "own against others",
        rates,
        Arrays.stream(rates).map(roc::trueAcceptRateAt).toArray());
    series.setMarker(SeriesMarkers.NONE);
    series.setLineColor(OWN_COLOR);
    series.setLineStyle(new BasicStroke(2.5f));
    chart.getStyler().setLegendVisible(false);
    chart.getStyler().setYAxisMin(0.0).setYAxisMax(1.02);
    return chart;
  }

  private static XYChart chart(String title, String x, String y) {
    XYChart chart = PlainChart.of(WIDTH, HEIGHT, title, x, y);
    chart.getStyler().setPlotBorderVisible(false);
    return chart;
  }
}
