package dev.likeness.photos.internal.image;

import dev.likeness.diffusion.image.RgbImage;
import java.util.Arrays;

/**
 * Area averages of a picture that arrives row by row from the top, and so is never in memory whole.
 */
public final class RowReducer {
  private final int height;
  private final Taps columns;
  private final Taps rows;
  private final float[] blended;
  private final byte[] rgb;
  private int next;
  private int output;

  /**
   * Reduces a picture of {@code width} by {@code height} until its long side is at most
   * {@code longSide}.
   */
  public RowReducer(int width, int height, int longSide) {
    double scale = Math.min(1, (double) longSide / Math.max(width, height));
    this.height = height;
    this.columns = Resampler.AREA.taps(0, width, Resampler.side(width, scale), width);
    this.rows = Resampler.AREA.taps(0, height, Resampler.side(height, scale), height);
    this.blended = new float[3 * width];
    this.rgb =
        new byte[Math.multiplyExact(Math.multiplyExact(columns.outputs(), rows.outputs()), 3)];
  }

  /**
   * Takes row {@code y}: red, green and blue from the left.
   *
   * @throws IllegalStateException when it is not the row after the last one
   */
  public void accept(int y, byte[] row) {
    if (y != next++) {
      throw new IllegalStateException("row " + y + " came in place of row " + (next - 1));
    }
    // The row on a border belongs to the output above it and to the one below.
    while (output < rows.outputs() && rows.firstInput(output) <= y) {
      rows.blend(output, y, row, blended);
      if (rows.lastInput(output) > y) {
        return;
      }
      columns.squeeze(blended, 0, rgb, output * columns.outputs() * 3);
      Arrays.fill(blended, 0);
      output++;
    }
  }

  /** Whether every row has arrived. */
  public boolean complete() {
    return next == height;
  }

  /** The reduced picture, once it is complete. */
  public RgbImage picture() {
    if (!complete()) {
      throw new IllegalStateException(next + " of " + height + " rows have arrived");
    }
    return RgbImage.of(columns.outputs(), rows.outputs(), rgb);
  }
}
