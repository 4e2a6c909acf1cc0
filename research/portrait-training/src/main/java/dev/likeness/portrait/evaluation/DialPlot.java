package dev.likeness.portrait.evaluation;

import dev.likeness.cli.plot.PlainChart;
import dev.likeness.diffusion.image.RgbImage;
import dev.likeness.headshots.person.IdentityStrength.Measurement;
import java.awt.Color;
import java.util.List;
import org.knowm.xchart.XYChart;
import org.knowm.xchart.XYSeries;
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
    XYChart chart = PlainChart.of(
        WIDTH, HEIGHT, title, "likeness (cosine to held-out photos)", "asked words read back");
    XYSeries all = series(chart, "measured settings", measured, ALL);
    all.setXYSeriesRenderStyle(XYSeries.XYSeriesRenderStyle.Scatter);
    series(chart, "the dial, 0 to 1", curve, TAKEN).setLineColor(TAKEN);
    return PlainChart.render(chart);
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
