package dev.likeness.photos.internal.image;

import dev.likeness.diffusion.image.RgbImage;
import java.awt.Point;
import java.awt.Transparency;
import java.awt.color.ColorSpace;
import java.awt.image.BufferedImage;
import java.awt.image.ComponentColorModel;
import java.awt.image.DataBuffer;
import java.awt.image.DataBufferByte;
import java.awt.image.PixelInterleavedSampleModel;
import java.awt.image.Raster;
import java.awt.image.WritableRaster;
import java.util.Arrays;

/**
 * Reduces an image by area averaging while its rows arrive from the top, so the full image is never
 * in memory.
 */
public final class RowReducer {
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

  /** Returns true if all rows have arrived. */
  public boolean isComplete() {
    return nextRow == height;
  }

  /** Returns the reduced image, after all rows have arrived. */
  public RgbImage toImage() {
    if (!isComplete()) {
      throw new IllegalStateException(nextRow + " of " + height + " rows have arrived");
    }
    return RgbImage.of(columns.outputs(), rows.outputs(), rgb);
  }

  /**
   * A raster that stores no pixels. It averages the rows that an image reader writes into it, so a
   * photo of 12 megapixels needs the memory of one row.
   */
  public static final class ReducingRaster extends WritableRaster {
    private final RowReducer reducer;
    private final byte[] row;
    private final int passes;
    private int pass;

    /**
     * Makes a raster for a reader that delivers the whole image in {@code passes}. Only the last
     * pass counts.
     */
    public ReducingRaster(int width, int height, int longSide, int passes) {
      super(
          new PixelInterleavedSampleModel(
              DataBuffer.TYPE_BYTE, width, height, 3, 3 * width, new int[] {0, 1, 2}),
          new DataBufferByte(1),
          new Point());
      this.reducer = new RowReducer(width, height, longSide);
      this.row = new byte[3 * width];
      this.passes = passes;
    }

    /** Returns the destination image for a reader. */
    public BufferedImage toBufferedImage() {
      ColorSpace sRgb = ColorSpace.getInstance(ColorSpace.CS_sRGB);
      return new BufferedImage(
          new ComponentColorModel(sRgb, false, false, Transparency.OPAQUE, DataBuffer.TYPE_BYTE),
          this,
          false,
          null);
    }

    /**
     * Returns true if all rows have arrived. Some readers do not write into the destination row by
     * row.
     */
    public boolean isComplete() {
      return reducer.isComplete();
    }

    /** Returns the reduced image, after all rows have arrived. */
    public RgbImage toImage() {
      return reducer.toImage();
    }

    @Override
    public void setRect(int x, int y, Raster rows) {
      pass += y == 0 ? 1 : 0;
      for (int i = 0; i < rows.getHeight() && pass == passes; i++) {
        rows.getDataElements(rows.getMinX(), rows.getMinY() + i, width, 1, row);
        reducer.accept(y + i, row);
      }
    }
  }
}
