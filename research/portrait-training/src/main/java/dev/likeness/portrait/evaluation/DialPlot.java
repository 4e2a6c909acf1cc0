package dev.likeness.portrait.evaluation;

import dev.likeness.diffusion.image.RgbImage;
import dev.likeness.headshots.person.IdentityStrength.Measurement;
import java.awt.Color;
import java.awt.Graphics2D;
import java.awt.image.BufferedImage;
import java.util.List;
import java.util.Locale;
import org.knowm.xchart.XYChart;
import org.knowm.xchart.XYChartBuilder;
import org.knowm.xchart.XYSeries;
import org.knowm.xchart.style.Styler;
import org.knowm.xchart.style.markers.SeriesMarkers;

/**
 * Draws what was measured for a likeness dial, likeness to the right and words followed upwards,
 * and the curve taken.
 */
final class DialPlot {
  private static final int WIDTH = 760;
  private static final int HEIGHT = 480;
  private static final Color ALL = new Color(140, 140, 146);
  private static final Color TAKEN = new Color(44, 92, 190);

  private DialPlot() {}

  static RgbImage draw(String title, List<Measurement> measured, List<Measurement> curve) {
    XYChart chart = new XYChartBuilder()
        .width(WIDTH)
        .height(HEIGHT)
        .title(title)
        .xAxisTitle("likeness (cosine to held-out photos)")
        .yAxisTitle("asked words read back")
        .build();
    chart.getStyler().setLegendPosition(Styler.LegendPosition.OutsideS);
    chart.getStyler().setChartBackgroundColor(Color.WHITE);
    chart.getStyler().setLocale(Locale.ROOT);
    XYSeries all = series(chart, "measured settings", measured, ALL);
    all.setXYSeriesRenderStyle(XYSeries.XYSeriesRenderStyle.Scatter);
    series(chart, "the dial, 0 to 1", curve, TAKEN).setLineColor(TAKEN);
    BufferedImage image = new BufferedImage(WIDTH, HEIGHT, BufferedImage.TYPE_INT_RGB);
    Graphics2D g = image.createGraphics();
    try {
      chart.paint(g, WIDTH, HEIGHT);
    } finally {
      g.dispose();
    }
    return RgbImage.of(image);
  }

  private static XYSeries series(
      XYChart chart, String name, List<Measurement> points, Color color) {
    XYSeries series = chart.addSeries(
        name,
        points.stream().mapToDouble(Measurement::likeness).toArray(),
        points.stream().mapToDouble(Measurement::promptAdherence).toArray());
    series.setMarker(SeriesMarkers.CIRCLE);
    series.setMarkerColor(color);
    return series;
  }
}
