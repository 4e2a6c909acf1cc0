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
 * Area averages of an image that arrives row by row from the top, and so is never in memory whole.
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
   * Reduces an image of {@code width} by {@code height} until its long side is at most
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
   * Takes row {@code y}: red, green and blue from the left.
   *
   * @throws IllegalStateException when it is not the row after the last one
   */
  public void accept(int y, byte[] row) {
    if (y != nextRow++) {
      throw new IllegalStateException("row " + y + " came in place of row " + (nextRow - 1));
    }
    // The row on a border belongs to the output above it and to the one below.
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

  /** Whether every row has arrived. */
  public boolean isComplete() {
    return nextRow == height;
  }

  /** The reduced image, once it is complete. */
  public RgbImage toImage() {
    if (!isComplete()) {
      throw new IllegalStateException(nextRow + " of " + height + " rows have arrived");
    }
    return RgbImage.of(columns.outputs(), rows.outputs(), rgb);
  }

  /**
   * A raster that keeps no pixels: what an image reader writes into it, row by row, is averaged
   * into a small image. A photo of 12 megapixels then costs its reader one row.
   */
  public static final class ReducingRaster extends WritableRaster {
    private final RowReducer reducer;
    private final byte[] row;
    private final int passes;
    private int pass;

    /** For a reader that delivers the image in {@code passes}, each better than the last one. */
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

    /** What to hand to a reader as the destination. */
    public BufferedImage toBufferedImage() {
      ColorSpace sRgb = ColorSpace.getInstance(ColorSpace.CS_sRGB);
      return new BufferedImage(
          new ComponentColorModel(sRgb, false, false, Transparency.OPAQUE, DataBuffer.TYPE_BYTE),
          this,
          false,
          null);
    }

    /** Whether every row has arrived, which only some readers deliver this way. */
    public boolean isComplete() {
      return reducer.isComplete();
    }

    /** The reduced image. */
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
