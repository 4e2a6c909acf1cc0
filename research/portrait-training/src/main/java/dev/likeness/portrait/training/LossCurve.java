package dev.likeness.portrait.training;

import dev.likeness.cli.plot.TrainingPlot;
import dev.likeness.diffusion.internal.io.AtomicFile;
import dev.likeness.diffusion.request.Progress;
import dev.likeness.diffusion.request.ProgressEvent;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/**
 * How a stage's loss went: a line for each step in {@code NAME-loss.csv} beside its state
 * {@code NAME.safetensors}, and a plot of it, {@code NAME-loss.png}. A stage that goes on where it
 * was stopped goes on with its curve.
 */
final class LossCurve {
  private final Path lines;
  private final Path plot;
  private final int steps;
  private final List<String> told;

  private LossCurve(Path lines, Path plot, int steps, List<String> told) {
    this.lines = lines;
    this.plot = plot;
    this.steps = steps;
    this.told = told;
  }

  /**
   * The curve beside {@code state} of a stage of so many steps, of which {@code done} are behind
   * it.
   */
  static LossCurve beside(Path state, int steps, long done) {
    String name = state.getFileName().toString().replaceFirst("\\.safetensors$", "");
    Path lines = state.resolveSibling(name + "-loss.csv");
    try {
      List<String> told = Files.exists(lines) ? Files.readAllLines(lines) : List.of();
      return new LossCurve(
          lines,
          state.resolveSibling(name + "-loss.png"),
          steps,
          new ArrayList<>(told.stream().filter(line -> step(line) <= done).toList()));
    } catch (IOException e) {
      throw new UncheckedIOException("cannot read " + lines, e);
    }
  }

  private static int step(String line) {
    return Integer.parseInt(line.substring(0, line.indexOf(',')));
  }

  void add(long step, double loss) {
    told.add(step + "," + loss);
  }

  /** Writes both files. */
  void write() {
    AtomicFile.write(
        lines, out -> out.write(String.join("\n", told).getBytes(StandardCharsets.US_ASCII)));
    TrainingPlot curve = new TrainingPlot(Progress.SILENT);
    told.forEach(line -> curve.onEvent(new ProgressEvent.Step(
        "train", step(line), steps, Double.parseDouble(line.substring(line.indexOf(',') + 1)))));
    curve.render().writePng(plot);
  }
}
