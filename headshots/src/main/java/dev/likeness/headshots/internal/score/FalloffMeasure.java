package dev.likeness.headshots.internal.score;

import dev.likeness.photos.internal.quality.FacePatch;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/** How much the lightness of skin differs from place to place. */
public final class FalloffMeasure {
  // Overlapping cells over the face: so many each way, between these shares of the patch, and so
  // large.
  private static final int CELLS = 8;
  private static final double LEFT = 0.14;
  private static final double TOP = 0.08;
  private static final double ACROSS = 0.72;
  private static final double DOWN = 0.88;
  private static final double SIZE = 0.122;
  // In natural logarithms: hair, eyes and mouth differ by more from the colour of most cells.
  private static final double ALIKE = 0.13;
  // With fewer of one colour, as under coloured lights, all count.
  private static final int FEWEST = 8;
  // Without colour half of what is seen is skin even with beard, fringe and glasses.
  private static final double SKIN = 0.5;
  private static final double LEAST = 0.01;

  private FalloffMeasure() {}

  /**
   * One over the mean distance from their mean, in natural logarithms, of the half of the skin that
   * is most alike.
   */
  public static double falloff(FaceView view) {
    List<double[]> cells = cells(view.patch);
    double red = median(cells, 0);
    double blue = median(cells, 1);
    List<double[]> skin = cells.stream()
        .filter(cell -> Math.hypot(cell[0] - red, cell[1] - blue) < ALIKE)
        .toList();
    double[] light = (skin.size() < FEWEST ? cells : skin)
        .stream().mapToDouble(cell -> cell[2]).sorted().toArray();
    int half = Math.max(FEWEST / 2, (int) (SKIN * light.length));
    double least = Double.POSITIVE_INFINITY;
    for (int from = 0; from + half <= light.length; from++) {
      least = Math.min(least, spread(Arrays.copyOfRange(light, from, from + half)));
    }
    return 1 / (LEAST + least);
  }

  private static double spread(double[] values) {
    double mean = Arrays.stream(values).average().orElseThrow();
    return Arrays.stream(values).map(value -> Math.abs(value - mean)).average().orElseThrow();
  }

  /** The median colour of every cell whose middle lies in the face's oval. */
  private static List<double[]> cells(FacePatch patch) {
    List<double[]> cells = new ArrayList<>();
    int size = (int) Math.round(SIZE * patch.side());
    for (int i = 0; i < CELLS * CELLS; i++) {
      int x = (int) (patch.side() * (LEFT + ACROSS * (i % CELLS + 0.5) / CELLS));
      int y = (int) (patch.side() * (TOP + DOWN * (i / CELLS + 0.5) / CELLS));
      if (patch.inOval(x, y)) {
        cells.add(cell(patch, x - size / 2, y - size / 2, size));
      }
    }
    return cells;
  }

  private static double[] cell(FacePatch patch, int left, int top, int size) {
    List<double[]> pixels = new ArrayList<>();
    for (int i = 0; i < size * size; i++) {
      int x = left + i % size;
      int y = top + i / size;
      if (y < patch.side()) {
        pixels.add(SkinColour.of(patch.picture(), x, y));
      }
    }
    return new double[] {median(pixels, 0), median(pixels, 1), median(pixels, 2)};
  }

  private static double median(List<double[]> colours, int number) {
    return colours.stream()
        .mapToDouble(colour -> colour[number])
        .sorted()
        .toArray()[colours.size() / 2];
  }
}
