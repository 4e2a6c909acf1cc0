package dev.likeness.cli.plot;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.likeness.diffusion.image.RgbImage;
import dev.likeness.diffusion.request.ProgressEvent;
import dev.likeness.headshots.TrainingState;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class TrainingPlotTest {
  private final List<ProgressEvent> passed = new ArrayList<>();
  private final TrainingPlot plot = new TrainingPlot(passed::add);

  private void train(boolean previews) {
    plot.onEvent(new ProgressEvent.Phase("train", 40));
    for (int i = 1; i <= 40; i++) {
      plot.onEvent(new ProgressEvent.Step("train", i, 40, 1.0 / i));
      if (previews && i % 10 == 0) {
        plot.onEvent(new ProgressEvent.Preview(i, List.of(), 0.01 * i));
      }
    }
  }

  @Test
  void passesEveryEventOn() {
    train(true);
    assertEquals(45, passed.size());
  }

  @Test
  void plotsTheLossAndTheValidationLikeness() {
    train(false);
    RgbImage loss = plot.render();
    assertTrue(holds(loss, 44, 92, 190), "no line of the loss");
    assertFalse(holds(loss, 24, 128, 84), "a likeness that nobody measured");
    train(true);
    assertTrue(holds(plot.render(), 24, 128, 84), "no line of the likeness");
  }

  @Test
  void keepsNumbersInAFolderThatIsNotThereYet(@TempDir Path folder) {
    Path state = folder.resolve("new/ada.state");
    report(TrainingPlot.beside(state, passed::add), 1);
    assertTrue(Files.exists(TrainingState.lossFile(state)));
    assertTrue(passed.stream().noneMatch(ProgressEvent.Notice.class::isInstance));
  }

  @Test
  void saysOnceThatNumbersAreNotKeptAndGoesOn(@TempDir Path folder) throws IOException {
    Path state = folder.resolve("ada.state");
    Files.createDirectory(TrainingState.lossFile(state));
    TrainingPlot beside = TrainingPlot.beside(state, passed::add);
    for (int i = 1; i <= 5; i++) {
      report(beside, i);
    }
    List<String> notices = passed.stream()
        .filter(ProgressEvent.Notice.class::isInstance)
        .map(event -> ((ProgressEvent.Notice) event).message())
        .toList();
    assertEquals(1, notices.size(), notices::toString);
    assertTrue(notices.get(0).contains("the training continues"), notices.get(0));
    assertTrue(beside.hasSteps());
  }

  @Test
  void continuesThePlotOfAStoppedTraining(@TempDir Path folder) throws IOException {
    Path state = folder.resolve("ada.state");
    TrainingPlot whole = TrainingPlot.beside(folder.resolve("whole.state"), passed::add);
    TrainingPlot stopped = TrainingPlot.beside(state, passed::add);
    for (int i = 1; i <= 40; i++) {
      report(whole, i);
      if (i <= 27) {
        report(stopped, i);
      }
    }
    // The state was saved at step 20, and what was told of later ones holds no longer.
    TrainingPlot again = TrainingPlot.beside(state, passed::add);
    for (int i = 21; i <= 40; i++) {
      report(again, i);
    }
    assertEquals(whole.render(), again.render());
    assertEquals(44, Files.readAllLines(TrainingState.lossFile(state)).size());
    TrainingState.delete(state);
    assertFalse(Files.exists(TrainingState.lossFile(state)));
  }

  private static void report(TrainingPlot plot, int step) {
    plot.onEvent(new ProgressEvent.Step("train", step, 40, 1e-5 / step));
    if (step % 10 == 0) {
      plot.onEvent(new ProgressEvent.Preview(step, List.of(), 0.01 * step));
    }
  }

  private static boolean holds(RgbImage image, int red, int green, int blue) {
    byte[] rgb = image.rgb();
    for (int i = 0; i < rgb.length; i += 3) {
      if ((rgb[i] & 0xFF) == red && (rgb[i + 1] & 0xFF) == green && (rgb[i + 2] & 0xFF) == blue) {
        return true;
      }
    }
    return false;
  }

  @Test
  void averagesOverATenthOfTheSteps() {
    List<double[]> points = new ArrayList<>();
    for (int i = 0; i < 20; i++) {
      points.add(new double[] {i, i});
    }
    List<double[]> means = TrainingPlot.means(points);
    assertArrayEquals(new double[] {0, 0}, means.get(0));
    assertArrayEquals(new double[] {5, 4.5}, means.get(5), 1e-12);
  }

  @Test
  void refusesBeforeTheFirstStep() {
    assertEquals(
        "no training step was recorded; render the plot after the first step",
        assertThrows(IllegalStateException.class, plot::render).getMessage());
  }
}
