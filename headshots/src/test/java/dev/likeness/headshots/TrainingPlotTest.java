package dev.likeness.headshots;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.likeness.diffusion.image.Picture;
import dev.likeness.diffusion.progress.ProgressEvent;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

class TrainingPlotTest {
  private final List<ProgressEvent> passed = new ArrayList<>();
  private final TrainingPlot plot = new TrainingPlot(passed::add);

  private void learn(boolean previews) {
    plot.on(new ProgressEvent.Phase("train", 40));
    for (int i = 1; i <= 40; i++) {
      plot.on(new ProgressEvent.Step("train", i, 40, 1.0 / i));
      if (previews && i % 10 == 0) {
        plot.on(new ProgressEvent.Preview(i, List.of(), 0.01 * i));
      }
    }
  }

  @Test
  void passesEveryEventOn() {
    learn(true);
    assertEquals(45, passed.size());
  }

  @Test
  void drawsTheLossAndWhereThereAreAnyThePreviewsLikeness() {
    learn(false);
    Picture loss = plot.draw();
    assertTrue(holds(loss, 44, 92, 190), "no line of the loss");
    assertFalse(holds(loss, 24, 128, 84), "a likeness that nobody measured");
    learn(true);
    assertTrue(holds(plot.draw(), 24, 128, 84), "no line of the likeness");
  }

  private static boolean holds(Picture picture, int red, int green, int blue) {
    byte[] rgb = picture.rgb();
    for (int i = 0; i < rgb.length; i += 3) {
      if ((rgb[i] & 0xFF) == red && (rgb[i + 1] & 0xFF) == green && (rgb[i + 2] & 0xFF) == blue) {
        return true;
      }
    }
    return false;
  }

  @Test
  void takesTheMeanOverATenthOfTheSteps() {
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
    assertEquals("no step of a training has been seen; draw the plot when it has begun",
        assertThrows(IllegalStateException.class, plot::draw).getMessage());
  }
}
