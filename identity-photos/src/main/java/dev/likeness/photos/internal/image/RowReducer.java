package dev.likeness.photos.internal.image;

import dev.likeness.diffusion.internal.imagefile.ImageFileReader;
import java.util.Arrays;

/**
 * Reduces an image by area averaging while its rows arrive from the top, so the full image is never
 * in memory.
 */
public final class RowReducer implements ImageFileReader.Rows {
  private final int height;
  private final Resampler.Taps columns;
  private final Resampler.Taps rows;
  private final float[] blended;
  private final byte[] rgb;
  private int nextRow;
  private int outputRow;

  /**
   * Makes a reducer of an image of {@code width} by {@code height} pixels to a long side of at most
   * {@code longSide}.
   */
  public RowReducer(int width, int height, int longSide) {
    double scale = Math.min(1, (double) longSide / Math.max(width, height));
    this.height = height;
    this.columns = Resampler.AREA.taps(0, width, Resampler.scaledLength(width, scale), width);
    this.rows = Resampler.AREA.taps(0, height, Resampler.scaledLength(height, scale), height);
    this.blended = new float[3 * width];
    this.rgb =
        new byte[Math.multiplyExact(Math.multiplyExact(columns.outputs(), rows.outputs()), 3)];
  }

  /**
   * Adds row {@code y}: red, green and blue of each pixel from the left.
   *
   * @throws IllegalStateException if a row is left out or comes twice
   */
  @Override
  public void accept(int y, byte[] row) {
    if (y != nextRow++) {
      throw new IllegalStateException("expected row " + (nextRow - 1) + ", got row " + y);
    }
    // A row on a border belongs to the output above and to the output below.
    while (outputRow < rows.outputs() && rows.firstInput(outputRow) <= y) {
      rows.addRow(outputRow, y, row, blended);
      if (rows.lastInput(outputRow) > y) {
        return;
      }
      columns.resizeRow(blended, 0, rgb, outputRow * columns.outputs() * 3);
      Arrays.fill(blended, 0);
      outputRow++;
    }
  }

  @Override
  public boolean isComplete() {
    return nextRow == height;
  }

  @Override
  public ImageFileReader.Pixels toPixels() {
    if (!isComplete()) {
      throw new IllegalStateException(
          "only " + nextRow + " of " + height + " rows have arrived; all of them are needed");
    }
    return new ImageFileReader.Pixels(columns.outputs(), rows.outputs(), rgb);
  }
}
