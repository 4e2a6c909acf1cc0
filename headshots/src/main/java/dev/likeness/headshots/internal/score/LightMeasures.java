package dev.likeness.headshots.internal.score;

import dev.likeness.photos.internal.quality.FacePatch;
import dev.likeness.photos.internal.quality.PhotoFeatures;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/** Measures of the light on a face. */
public final class LightMeasures {
  private static final double LIT = 150;
  private static final int CLIPPED = 250;
  // Top and bottom of forehead, cheeks and chin on the patch; eyes and mouth lie between them.
  private static final double[][] BANDS = {{0.12, 0.26}, {0.48, 0.64}, {0.84, 0.94}};

  private LightMeasures() {}

  /** Stops of underexposure, or tens of percent of clipped pixels, whichever is larger. */
  public static double exposure(FaceView view) {
    double dark =
        Math.log(LIT / Math.max(1, PhotoFeatures.of(view.image, view.face).highlight()))
            / Math.log(2);
    int burnt = 0;
    int all = 0;
    int side = view.patch.side();
    for (int i = 0; i < side * side; i++) {
      if (view.patch.isInOval(i % side, i / side)) {
        all++;
        burnt += view.patch.image().at(i % side, i / side, 0) >= CLIPPED
                && view.patch.image().at(i % side, i / side, 1) >= CLIPPED
            ? 1
            : 0;
      }
    }
    return Math.max(Math.max(0, dark), 10.0 * burnt / all);
  }

  /**
   * The largest difference between forehead, cheeks and chin in the brightness ratio of right to
   * left, in stops.
   */
  public static double direction(FaceView view) {
    double least = Double.POSITIVE_INFINITY;
    double most = Double.NEGATIVE_INFINITY;
    int side = view.patch.side();
    for (double[] band : BANDS) {
      int y = (int) (band[0] * side);
      int h = (int) ((band[1] - band[0]) * side);
      double left = view.skin.median((int) (0.27 * side), y, (int) (0.16 * side), h);
      double right = view.skin.median((int) (0.57 * side), y, (int) (0.16 * side), h);
      double slope = 2.2 * Math.log((right + 4) / (left + 4)) / Math.log(2);
      least = Math.min(least, slope);
      most = Math.max(most, slope);
    }
    return most - least;
  }

  /** Measures how much the lightness of skin varies over the face. */
  public static final class FalloffMeasure {
    // Overlapping cells over the face: their number in each direction, their range as shares of the
    // patch, and their size.
    private static final int CELLS = 8;
    private static final double LEFT = 0.14;
    private static final double TOP = 0.08;
    private static final double ACROSS = 0.72;
    private static final double DOWN = 0.88;
    private static final double SIZE = 0.122;
    // In natural logarithms. Hair, eyes and mouth differ by more from the colour of most cells.
    private static final double MAX_COLOUR_DISTANCE = 0.13;
    // If fewer cells have one colour, as under coloured lights, all cells count.
    private static final int MIN_CELLS = 8;
    // Without colour: even with beard, fringe and glasses, half of the cells are skin.
    private static final double MIN_SKIN_SHARE = 0.5;
    private static final double MIN_LIGHT = 0.01;

    private FalloffMeasure() {}

    /**
     * The inverse of the mean absolute deviation of lightness, in natural logarithms, over the most
     * similar half of the skin.
     */
    public static double falloff(FaceView view) {
      List<double[]> cells = cells(view.patch);
      double red = median(cells, 0);
      double blue = median(cells, 1);
      List<double[]> skin = cells.stream()
          .filter(cell -> Math.hypot(cell[0] - red, cell[1] - blue) < MAX_COLOUR_DISTANCE)
          .toList();
      double[] light = (skin.size() < MIN_CELLS ? cells : skin)
          .stream().mapToDouble(cell -> cell[2]).sorted().toArray();
      int half = Math.max(MIN_CELLS / 2, (int) (MIN_SKIN_SHARE * light.length));
      double least = Double.POSITIVE_INFINITY;
      for (int from = 0; from + half <= light.length; from++) {
        least = Math.min(least, spread(Arrays.copyOfRange(light, from, from + half)));
      }
      return 1 / (MIN_LIGHT + least);
    }

    private static double spread(double[] values) {
      double mean = Arrays.stream(values).average().orElseThrow();
      return Arrays.stream(values)
          .map(value -> Math.abs(value - mean))
          .average()
          .orElseThrow();
    }

    /** The median colour of each cell whose middle is in the face's oval. */
    private static List<double[]> cells(FacePatch patch) {
      List<double[]> cells = new ArrayList<>();
      int size = (int) Math.round(SIZE * patch.side());
      for (int i = 0; i < CELLS * CELLS; i++) {
        int x = (int) (patch.side() * (LEFT + ACROSS * (i % CELLS + 0.5) / CELLS));
        int y = (int) (patch.side() * (TOP + DOWN * (i / CELLS + 0.5) / CELLS));
        if (patch.isInOval(x, y)) {
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
          pixels.add(FaceView.SkinColour.of(patch.image(), x, y));
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
}
