package dev.likeness.diffusion.internal.imagefile;

import dev.likeness.diffusion.internal.imagefile.ImageFileReader.Pixels;
import java.awt.Point;
import java.awt.Transparency;
import java.awt.color.CMMException;
import java.awt.color.ColorSpace;
import java.awt.color.ICC_ColorSpace;
import java.awt.color.ICC_Profile;
import java.awt.image.BufferedImage;
import java.awt.image.ColorConvertOp;
import java.awt.image.ColorModel;
import java.awt.image.ComponentColorModel;
import java.awt.image.DataBuffer;
import java.awt.image.DataBufferByte;
import java.awt.image.DataBufferUShort;
import java.awt.image.IndexColorModel;
import java.awt.image.PixelInterleavedSampleModel;
import java.awt.image.Raster;
import java.awt.image.WritableRaster;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.Arrays;

/**
 * Converts the images of ImageIO readers (grey, palette, 16 bits, alpha, other colour profiles) to
 * sRGB.
 */
final class SrgbConversion {
  private static final int MAX_PROFILE_BYTES = 4 << 20;
  private static final int MAX_TAGS = 100;
  private static final int PROFILE_HEADER = 128;
  // Profiles of other makers for sRGB itself differ from Java's by rounding.
  private static final int SAME_COLOUR = 2;

  private SrgbConversion() {}

  /**
   * Gives the rows of an image to {@code rows}: red, green and blue of each pixel.
   *
   * @param background the grey value behind transparent pixels, 0 to 255, or
   *     {@link ImageFileReader#STORED_COLOURS}
   * @throws IOException if the image has floating-point values, or CMYK values without a profile
   */
  static void convert(BufferedImage image, int background, ImageFileReader.Rows rows)
      throws IOException {
    ColorModel model = image.getColorModel();
    if (model.getTransferType() > DataBuffer.TYPE_INT
        || !(model.getColorSpace() instanceof ICC_ColorSpace)) {
      throw new IOException("its pixels are not RGB or grey values in whole numbers");
    }
    boolean palette = model instanceof IndexColorModel;
    boolean grey = model.getNumColorComponents() == 1;
    boolean foreign = !palette && !grey && !model.getColorSpace().isCS_sRGB();
    BufferedImage colours = foreign ? convertColours(image) : image;
    byte[] row = new byte[3 * image.getWidth()];
    int[] argb = new int[image.getWidth()];
    for (int y = 0; y < image.getHeight(); y++) {
      if (!palette && (grey || !foreign && isSixteenBit(image))) {
        readSamples(image, grey ? 0 : 1, y, background, row);
      } else if (colours.getType() == BufferedImage.TYPE_3BYTE_BGR) {
        readBgr(colours, y, row);
      } else {
        colours.getRGB(0, y, argb.length, 1, argb, 0, argb.length);
        composite(argb, background, row);
      }
      rows.accept(y, row);
    }
  }

  private static void readBgr(BufferedImage image, int y, byte[] row) {
    image.getRaster().getDataElements(0, y, image.getWidth(), 1, row);
  }

  private static void composite(int[] argb, int background, byte[] row) {
    int at = 0;
    for (int pixel : argb) {
      int alpha = background == ImageFileReader.STORED_COLOURS ? 255 : pixel >>> 24;
      for (int shift = 16; shift >= 0; shift -= 8) {
        row[at++] =
            (byte) (((pixel >> shift & 255) * alpha + background * (255 - alpha) + 127) / 255);
      }
    }
  }

  /**
   * Converts an image from a colour profile to sRGB. Grey profiles apply to images whose channels
   * are equal.
   *
   * @return the image itself if the profile is broken, is sRGB, or does not fit
   */
  static Pixels convert(Pixels image, byte[] profile) {
    if (!isSound(profile)) {
      return image;
    }
    try {
      byte[] whole = Arrays.copyOf(profile, ByteBuffer.wrap(profile).getInt(0));
      ICC_Profile icc = ICC_Profile.getInstance(whole);
      return switch (icc.getColorSpaceType()) {
        case ColorSpace.TYPE_RGB -> isSrgb(icc) ? image : convertRgb(image, icc);
        case ColorSpace.TYPE_GRAY -> convertGrey(image, icc);
        default -> image;
      };
    } catch (IllegalArgumentException | CMMException brokenProfile) {
      return image;
    }
  }

  /**
   * Returns true if a profile's tags lie inside it (ICC.1:2010, 7.2 and 7.3), so that native code
   * may read it.
   */
  static boolean isSound(byte[] profile) {
    if (profile.length < PROFILE_HEADER + 4 || profile.length > MAX_PROFILE_BYTES) {
      return false;
    }
    ByteBuffer in = ByteBuffer.wrap(profile);
    int length = in.getInt(0);
    int tags = in.getInt(PROFILE_HEADER);
    if (length < PROFILE_HEADER + 4
        || length > profile.length
        || !CheckedImage.startsWith(profile, 36, "acsp")
        || tags < 1
        || tags > MAX_TAGS
        || PROFILE_HEADER + 4 + 12 * tags > length) {
      return false;
    }
    for (int at = PROFILE_HEADER + 4; at < PROFILE_HEADER + 4 + 12 * tags; at += 12) {
      int start = in.getInt(at + 4);
      int size = in.getInt(at + 8);
      if (start < PROFILE_HEADER || size < 8 || size > length || start > length - size) {
        return false;
      }
      boolean curve = CheckedImage.startsWith(profile, start, "curv");
      if (curve
          && (size < 12 || in.getInt(start + 8) < 0 || in.getInt(start + 8) > (size - 12) / 2)) {
        return false;
      }
    }
    return true;
  }

  // Compares a grid of colours before and after.
  private static boolean isSrgb(ICC_Profile icc) {
    if (new ICC_ColorSpace(icc).isCS_sRGB()) {
      return true;
    }
    byte[] grid = new byte[9 * 9 * 9 * 3];
    for (int i = 0; i < grid.length / 3; i++) {
      grid[3 * i] = (byte) (i % 9 * 255 / 8);
      grid[3 * i + 1] = (byte) (i / 9 % 9 * 255 / 8);
      grid[3 * i + 2] = (byte) (i / 81 * 255 / 8);
    }
    byte[] after = convertRgb(new Pixels(9 * 9, 9, grid), icc).rgb();
    for (int i = 0; i < grid.length; i++) {
      if (Math.abs((grid[i] & 255) - (after[i] & 255)) > SAME_COLOUR) {
        return false;
      }
    }
    return true;
  }

  private static Pixels convertGrey(Pixels image, ICC_Profile icc) {
    // Java ignores the stride of rasters of one band.
    byte[] levels = new byte[256];
    for (int i = 0; i < levels.length; i++) {
      levels[i] = (byte) i;
    }
    byte[] curve = new byte[3 * levels.length];
    convert(icc, raster(levels, levels.length, 1, 1), raster(curve, levels.length, 1, 3));
    byte[] rgb = image.rgb().clone();
    for (int at = 0; at < rgb.length; at += 3) {
      if (rgb[at] != rgb[at + 1] || rgb[at] != rgb[at + 2]) {
        return image;
      }
      System.arraycopy(curve, (rgb[at] & 255) * 3, rgb, at, 3);
    }
    return new Pixels(image.width(), image.height(), rgb);
  }

  private static Pixels convertRgb(Pixels image, ICC_Profile icc) {
    byte[] rgb = image.rgb().clone();
    WritableRaster raster = raster(rgb, image.width(), image.height(), 3);
    convert(icc, raster, raster);
    return new Pixels(image.width(), image.height(), rgb);
  }

  private static void convert(ICC_Profile icc, WritableRaster from, WritableRaster to) {
    ICC_Profile[] profiles = {icc, ICC_Profile.getInstance(ColorSpace.CS_sRGB)};
    new ColorConvertOp(profiles, null).filter(from, to);
  }

  private static WritableRaster raster(byte[] samples, int width, int height, int bands) {
    return Raster.createInterleavedRaster(
        new DataBufferByte(samples, samples.length),
        width,
        height,
        bands * width,
        bands,
        Arrays.copyOf(new int[] {0, 1, 2}, bands),
        null);
  }

  private static BufferedImage convertColours(BufferedImage image) {
    BufferedImage target = new BufferedImage(
        image.getWidth(),
        image.getHeight(),
        image.getColorModel().hasAlpha()
            ? BufferedImage.TYPE_4BYTE_ABGR
            : BufferedImage.TYPE_3BYTE_BGR);
    try {
      return new ColorConvertOp(null).filter(image, target);
    } catch (CMMException brokenProfile) {
      return image;
    }
  }

  private static boolean isSixteenBit(BufferedImage image) {
    return image.getRaster().getDataBuffer() instanceof DataBufferUShort
        && image.getColorModel() instanceof ComponentColorModel;
  }

  // Reads raw samples at any bit depth. Java takes grey values as linear light and would brighten
  // them; files store grey with the sRGB curve. A step of 0 repeats the first band.
  private static void readSamples(
      BufferedImage image, int step, int y, int background, byte[] row) {
    Raster raster = image.getRaster();
    double most = (1L << image.getColorModel().getComponentSize(0)) - 1;
    boolean composited =
        background != ImageFileReader.STORED_COLOURS && image.getColorModel().hasAlpha();
    int alphaBand = composited ? raster.getNumBands() - 1 : -1;
    int[] pixel = new int[raster.getNumBands()];
    for (int x = 0, at = 0; x < image.getWidth(); x++) {
      raster.getPixel(raster.getMinX() + x, raster.getMinY() + y, pixel);
      double alpha = alphaBand < 0 ? 1 : pixel[alphaBand] / most;
      for (int channel = 0; channel < 3; channel++) {
        double value = 255 * pixel[step * channel] / most;
        row[at++] = (byte) Math.round(value * alpha + background * (1 - alpha));
      }
    }
  }

  /**
   * A raster that stores no pixels. It hands on the rows that a reader writes into it, so a photo
   * needs the memory of one row. Of several passes, only the last counts.
   */
  static final class RowRaster extends WritableRaster {
    private final ImageFileReader.Rows rows;
    private final byte[] row;
    private final int passes;
    private int pass;

    RowRaster(int width, int height, ImageFileReader.Rows rows, int passes) {
      super(
          new PixelInterleavedSampleModel(
              DataBuffer.TYPE_BYTE, width, height, 3, 3 * width, new int[] {0, 1, 2}),
          new DataBufferByte(1),
          new Point());
      this.rows = rows;
      this.row = new byte[3 * width];
      this.passes = passes;
    }

    BufferedImage toBufferedImage() {
      ColorSpace sRgb = ColorSpace.getInstance(ColorSpace.CS_sRGB);
      return new BufferedImage(
          new ComponentColorModel(sRgb, false, false, Transparency.OPAQUE, DataBuffer.TYPE_BYTE),
          this,
          false,
          null);
    }

    @Override
    public void setRect(int x, int y, Raster source) {
      pass += y == 0 ? 1 : 0;
      for (int i = 0; i < source.getHeight() && pass == passes; i++) {
        source.getDataElements(source.getMinX(), source.getMinY() + i, width, 1, row);
        rows.accept(y + i, row);
      }
    }
  }
}
