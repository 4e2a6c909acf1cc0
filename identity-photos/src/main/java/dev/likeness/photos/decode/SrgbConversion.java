package dev.likeness.photos.decode;

import dev.likeness.diffusion.image.RgbImage;
import dev.likeness.photos.internal.image.Resampler;
import dev.likeness.photos.internal.image.RowReducer;
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
import java.awt.image.Raster;
import java.awt.image.WritableRaster;
import java.io.IOException;

/**
 * Converts the images of ImageIO readers (grey, palette, 16 bits, alpha, other colour profiles) to
 * sRGB.
 */
final class SrgbConversion {
  private SrgbConversion() {}

  /**
   * Returns the image in sRGB with a long side of at most {@code longSide} pixels.
   *
   * @throws IOException if the image has floating-point values, or CMYK values without a profile
   */
  static RgbImage convert(BufferedImage image, int longSide) throws IOException {
    ColorModel model = image.getColorModel();
    if (model.getTransferType() > DataBuffer.TYPE_INT
        || !(model.getColorSpace() instanceof ICC_ColorSpace)) {
      throw new IOException("its pixels are neither RGB nor grey in whole numbers");
    }
    if (model instanceof IndexColorModel) {
      return Resampler.AREA.fit(RgbImage.of(image), longSide);
    }
    // Java takes grey values as linear light and would brighten them. Files store grey with the
    // sRGB curve.
    if (model.getNumColorComponents() == 1) {
      return Resampler.AREA.fit(readSamples(image, 0, 0, 0), longSide);
    }
    if (!model.getColorSpace().isCS_sRGB()) {
      return reduce(convertColours(image), longSide);
    }
    return isSixteenBit(image)
        ? Resampler.AREA.fit(readSamples(image, 0, 1, 2), longSide)
        : reduce(image, longSide);
  }

  /**
   * Converts an image from an RGB colour profile to sRGB. Returns the image itself if the profile
   * is broken or is sRGB.
   */
  static RgbImage convert(RgbImage image, byte[] profile) {
    try {
      ICC_Profile icc = ICC_Profile.getInstance(profile);
      // Many files contain the sRGB profile. Converting from it would cost time and rounding
      // errors.
      if (icc.getColorSpaceType() != ColorSpace.TYPE_RGB || new ICC_ColorSpace(icc).isCS_sRGB()) {
        return image;
      }
      int width = image.width();
      byte[] rgb = image.rgb();
      WritableRaster raster = Raster.createInterleavedRaster(
          new DataBufferByte(rgb, rgb.length),
          width,
          image.height(),
          3 * width,
          3,
          new int[] {0, 1, 2},
          null);
      ICC_Profile[] profiles = {icc, ICC_Profile.getInstance(ColorSpace.CS_sRGB)};
      new ColorConvertOp(profiles, null).filter(raster, raster);
      return RgbImage.of(width, image.height(), rgb);
    } catch (IllegalArgumentException | CMMException brokenProfile) {
      return image;
    }
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

  private static RgbImage reduce(BufferedImage image, int longSide) {
    if (image.getType() != BufferedImage.TYPE_3BYTE_BGR) {
      return Resampler.AREA.fit(RgbImage.of(image), longSide);
    }
    byte[] bgr = ((DataBufferByte) image.getRaster().getDataBuffer()).getData();
    if (bgr.length != 3L * image.getWidth() * image.getHeight()) {
      return Resampler.AREA.fit(RgbImage.of(image), longSide);
    }
    RowReducer reducer = new RowReducer(image.getWidth(), image.getHeight(), longSide);
    byte[] row = new byte[3 * image.getWidth()];
    for (int y = 0; y < image.getHeight(); y++) {
      for (int i = 0, at = y * row.length; i < row.length; i += 3, at += 3) {
        row[i] = bgr[at + 2];
        row[i + 1] = bgr[at + 1];
        row[i + 2] = bgr[at];
      }
      reducer.accept(y, row);
    }
    return reducer.toImage();
  }

  // Reads raw samples of three bands at any bit depth. Transparent pixels are blended with white.
  private static RgbImage readSamples(BufferedImage image, int red, int green, int blue) {
    Raster raster = image.getRaster();
    int width = image.getWidth();
    int[] bands = {red, green, blue};
    double most = (1L << image.getColorModel().getComponentSize(0)) - 1;
    int alphaBand = image.getColorModel().hasAlpha() ? raster.getNumBands() - 1 : -1;
    byte[] rgb = new byte[Math.multiplyExact(Math.multiplyExact(width, image.getHeight()), 3)];
    int[] pixel = new int[raster.getNumBands()];
    for (int y = 0, at = 0; y < image.getHeight(); y++) {
      for (int x = 0; x < width; x++) {
        raster.getPixel(raster.getMinX() + x, raster.getMinY() + y, pixel);
        double alpha = alphaBand < 0 ? 1 : pixel[alphaBand] / most;
        for (int band : bands) {
          rgb[at++] = (byte) Math.round(255 * (pixel[band] / most * alpha + 1 - alpha));
        }
      }
    }
    return RgbImage.of(width, image.getHeight(), rgb);
  }
}
