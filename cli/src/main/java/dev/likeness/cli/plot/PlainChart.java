package dev.likeness.cli.plot;

import dev.likeness.diffusion.image.RgbImage;
import java.awt.Color;
import java.awt.Graphics2D;
import java.awt.image.BufferedImage;
import java.util.Locale;
import org.knowm.xchart.XYChart;
import org.knowm.xchart.XYChartBuilder;
import org.knowm.xchart.style.Styler;

/** Charts with the look of all plots: white, with the legend below and numbers in English. */
public final class PlainChart {
  private PlainChart() {}

  /** Creates a chart without series, of a size in pixels, with titles of itself and its axes. */
  public static XYChart of(int width, int height, String title, String xTitle, String yTitle) {
    XYChart chart = new XYChartBuilder()
        .width(width)
        .height(height)
        .title(title)
        .xAxisTitle(xTitle)
        .yAxisTitle(yTitle)
        .build();
    chart.getStyler().setLegendPosition(Styler.LegendPosition.OutsideS);
    chart.getStyler().setChartBackgroundColor(Color.WHITE);
    chart.getStyler().setLocale(Locale.ROOT);
    return chart;
  }

  /** Renders charts of one height, the first at the left. */
  public static RgbImage render(XYChart... charts) {
    int width = 0;
    for (XYChart chart : charts) {
      width += chart.getWidth();
    }
    BufferedImage image =
        new BufferedImage(width, charts[0].getHeight(), BufferedImage.TYPE_INT_RGB);
    Graphics2D g = image.createGraphics();
    try {
      for (XYChart chart : charts) {
        chart.paint(g, chart.getWidth(), chart.getHeight());
        g.translate(chart.getWidth(), 0);
      }
    } finally {
      g.dispose();
    }
    return RgbImage.of(image);
  }
}
