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

/**
 * A raster that keeps no pixels: what an image reader writes into it, row by row, is averaged into
 * a small picture. A photo of 12 megapixels then costs its reader one row.
 */
public final class ReducingRaster extends WritableRaster {
  private final RowReducer reducer;
  private final byte[] row;
  private final int passes;
  private int pass;

  /** For a reader that delivers the picture in {@code passes}, each better than the last one. */
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
  public BufferedImage asImage() {
    ColorSpace sRgb = ColorSpace.getInstance(ColorSpace.CS_sRGB);
    return new BufferedImage(
        new ComponentColorModel(sRgb, false, false, Transparency.OPAQUE, DataBuffer.TYPE_BYTE),
        this,
        false,
        null);
  }

  /** Whether every row has arrived, which only some readers deliver this way. */
  public boolean complete() {
    return reducer.complete();
  }

  /** The reduced picture. */
  public RgbImage picture() {
    return reducer.picture();
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
