package dev.likeness.cli.plot;

import dev.likeness.diffusion.image.RgbImage;
import dev.likeness.diffusion.request.Progress;
import dev.likeness.diffusion.request.ProgressEvent;
import dev.likeness.headshots.TrainingState;
import java.awt.Color;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.IntStream;
import org.knowm.xchart.XYChart;
import org.knowm.xchart.XYSeries;
import org.knowm.xchart.style.Styler;
import org.knowm.xchart.style.markers.SeriesMarkers;

/**
 * Plots the loss of a training and the likeness of its validation images. Every event is passed to
 * the next listener. The numbers are stored beside the training state, so the plot of a resumed
 * training starts at the first step.
 */
public final class TrainingPlot implements Progress {
  private static final String LOSS = "loss";
  private static final String SCORE = "likeness";
  private static final Pattern LINE = Pattern.compile("(loss|likeness) (\\d+) ([-+.\\dE]+)");
  /** A record of a million steps, with 50 characters a step. */
  private static final long MAX_BYTES = 50_000_000;

  private static final int WIDTH = 760;
  private static final int HEIGHT = 440;
  private static final Color STEP_COLOR = new Color(190, 200, 220);
  private static final Color MEAN_COLOR = new Color(44, 92, 190);
  private static final Color LIKENESS_COLOR = new Color(24, 128, 84);

  private final Progress next;
  private final List<double[]> losses = new ArrayList<>();
  private final List<double[]> scores = new ArrayList<>();
  /** The file that stores the numbers, or null. */
  private final Path file;

  private boolean isStarted;
  private boolean failed;

  /** Creates a plot that records events and passes them on to {@code next}. */
  public TrainingPlot(Progress next) {
    this(next, null);
  }

  private TrainingPlot(Progress next, Path file) {
    this.next = next;
    this.file = file;
  }

  /**
   * Records the events of a training, passes them on to {@code next}, and continues the records
   * that earlier runs stored beside the state file.
   */
  public static TrainingPlot beside(Path state, Progress next) {
    return new TrainingPlot(next, TrainingState.lossFile(state));
  }

  /**
   * Returns true if every line of a file is one that this class writes. A killed process may have
   * cut off the last one.
   */
  public static boolean isRecord(Path file) {
    try {
      if (!Files.isRegularFile(file) || Files.size(file) > MAX_BYTES) {
        return false;
      }
      List<String> lines = Files.readAllLines(file);
      return IntStream.range(0, lines.size())
          .allMatch(i -> LINE.matcher(lines.get(i)).matches() || i > 0 && i == lines.size() - 1);
    } catch (IOException e) {
      return false;
    }
  }

  @Override
  public synchronized void onEvent(ProgressEvent event) {
    if (event instanceof ProgressEvent.Step step
        && Double.isFinite(step.loss().orElse(Double.NaN))) {
      start(step.step());
      add(losses, LOSS, step.step(), step.loss().getAsDouble());
    } else if (event instanceof ProgressEvent.Preview preview && Double.isFinite(preview.score())) {
      add(scores, SCORE, preview.step(), preview.score());
    }
    next.onEvent(event);
  }

  /** Restores the records of steps before the first one reported now. */
  private void start(int first) {
    if (file != null && !isStarted && isRecord(file)) {
      try {
        for (String line : Files.readAllLines(file)) {
          Matcher match = LINE.matcher(line);
          if (match.matches() && Integer.parseInt(match.group(2)) < first) {
            (match.group(1).equals(LOSS) ? losses : scores).add(new double[] {
              Integer.parseInt(match.group(2)), Double.parseDouble(match.group(3))
            });
          }
        }
        Files.delete(file);
      } catch (IOException e) {
        failed("read", e);
      }
      losses.forEach(point -> append(LOSS, (int) point[0], point[1]));
      scores.forEach(point -> append(SCORE, (int) point[0], point[1]));
    }
    isStarted = true;
  }

  private void add(List<double[]> points, String what, int step, double value) {
    points.add(new double[] {step, value});
    append(what, step, value);
  }

  private void append(String what, int step, double value) {
    if (file != null && !failed) {
      try {
        Files.createDirectories(file.toAbsolutePath().getParent());
        Files.writeString(
            file,
            what + " " + step + " " + value + "\n",
            StandardOpenOption.CREATE,
            StandardOpenOption.APPEND);
      } catch (IOException e) {
        failed("written", e);
      }
    }
  }

  /** Reports a failure of the plot without ending the training. */
  private void failed(String what, IOException e) {
    if (failed) {
      return;
    }
    failed = true;
    next.onEvent(
        new ProgressEvent.Notice(
            file + " cannot be " + what + " (" + e.getMessage()
                + "): the training continues; if it is resumed, the plot begins at the first resumed step"));
  }

  /** Returns true if a step was recorded. A finished training that is resumed records no step. */
  public synchronized boolean hasSteps() {
    return !losses.isEmpty();
  }

  /**
   * Returns the plot: the loss of each step, its mean over a tenth of the steps, and the scores of
   * validation images on the right axis.
   *
   * @throws IllegalStateException if no step was recorded
   */
  public synchronized RgbImage render() {
    if (losses.isEmpty()) {
      throw new IllegalStateException(
          "no training step was recorded; render the plot after the first step");
    }
    XYChart chart = PlainChart.of(WIDTH, HEIGHT, "Training", "step", "loss");
    line(chart, LOSS, losses, STEP_COLOR);
    line(chart, "mean loss", means(losses), MEAN_COLOR);
    if (!scores.isEmpty()) {
      line(chart, SCORE, scores, LIKENESS_COLOR).setYAxisGroup(1);
      chart.setYAxisGroupTitle(1, "likeness");
      chart.getStyler().setYAxisGroupPosition(1, Styler.YAxisPosition.Right);
    }
    return PlainChart.render(chart);
  }

  private static XYSeries line(XYChart chart, String name, List<double[]> points, Color color) {
    XYSeries series = chart.addSeries(
        name,
        points.stream().mapToDouble(p -> p[0]).toArray(),
        points.stream().mapToDouble(p -> p[1]).toArray());
    series.setMarker(SeriesMarkers.NONE);
    series.setLineColor(color);
    return series;
  }

  /** Returns for each point the mean of itself and earlier points, over a tenth of all points. */
  static List<double[]> means(List<double[]> points) {
    int width = Math.max(1, points.size() / 10);
    List<double[]> means = new ArrayList<>();
    double sum = 0;
    for (int i = 0; i < points.size(); i++) {
      sum += points.get(i)[1] - (i >= width ? points.get(i - width)[1] : 0);
      means.add(new double[] {points.get(i)[0], sum / Math.min(i + 1, width)});
    }
    return means;
  }
}
