package dev.likeness.photos.decode;

import dev.likeness.diffusion.image.Picture;
import dev.likeness.photos.pixels.Resampler;
import java.awt.color.CMMException;
import java.awt.color.ColorSpace;
import java.awt.color.ICC_ColorSpace;
import java.awt.color.ICC_Profile;
import java.awt.image.BufferedImage;
import java.awt.image.ColorConvertOp;
import java.awt.image.ColorModel;
import java.awt.image.ComponentColorModel;
import java.awt.image.DataBufferByte;
import java.awt.image.DataBufferUShort;
import java.awt.image.IndexColorModel;
import java.awt.image.Raster;
import java.util.Optional;

/** Turns whatever an image reader hands out (grey, palette, 16 bits, alpha, foreign profiles) into an sRGB picture. */
final class Srgb {
  private Srgb() {}

  /**
   * The sRGB picture of {@code image}, its long side at most {@code longSide}; {@code profile} is an ICC profile that
   * the reader did not apply itself.
   */
  static Picture of(BufferedImage image, Optional<byte[]> profile, int longSide) {
    ColorModel model = image.getColorModel();
    if (model instanceof IndexColorModel) {
      return Resampler.AREA.fit(Picture.of(image), longSide);
    }
    // Java reads grey as linear light and would brighten it; files mean the sRGB curve.
    if (model.getNumColorComponents() == 1) {
      return Resampler.AREA.fit(samples(image, 0, 0, 0), longSide);
    }
    Optional<ColorSpace> foreign = profile.flatMap(Srgb::space).or(() -> foreign(model));
    if (foreign.isPresent()) {
      return reduced(converted(image, foreign.get()), longSide);
    }
    return deep(image) ? Resampler.AREA.fit(samples(image, 0, 1, 2), longSide) : reduced(image, longSide);
  }

  private static Optional<ColorSpace> foreign(ColorModel model) {
    return model.getColorSpace().isCS_sRGB() ? Optional.empty() : Optional.of(model.getColorSpace());
  }

  // Many files carry sRGB itself; converting from it costs time and rounding for nothing.
  private static Optional<ColorSpace> space(byte[] profile) {
    try {
      ICC_Profile icc = ICC_Profile.getInstance(profile);
      boolean usable = icc.getColorSpaceType() == ColorSpace.TYPE_RGB && !new ICC_ColorSpace(icc).isCS_sRGB();
      return usable ? Optional.of(new ICC_ColorSpace(icc)) : Optional.empty();
    } catch (IllegalArgumentException | CMMException brokenProfile) {
      return Optional.empty();
    }
  }

  private static BufferedImage converted(BufferedImage image, ColorSpace from) {
    ColorModel model = image.getColorModel();
    ColorModel tagged = new ComponentColorModel(from, model.hasAlpha(), model.isAlphaPremultiplied(),
        model.getTransparency(), image.getRaster().getTransferType());
    boolean fits = tagged.isCompatibleRaster(image.getRaster());
    BufferedImage source =
        fits ? new BufferedImage(tagged, image.getRaster(), model.isAlphaPremultiplied(), null) : image;
    BufferedImage target = new BufferedImage(image.getWidth(), image.getHeight(),
        model.hasAlpha() ? BufferedImage.TYPE_4BYTE_ABGR : BufferedImage.TYPE_3BYTE_BGR);
    try {
      return new ColorConvertOp(null).filter(source, target);
    } catch (CMMException brokenProfile) {
      return image;
    }
  }

  private static boolean deep(BufferedImage image) {
    return image.getRaster().getDataBuffer() instanceof DataBufferUShort
        && image.getColorModel() instanceof ComponentColorModel;
  }

  private static Picture reduced(BufferedImage image, int longSide) {
    if (image.getType() != BufferedImage.TYPE_3BYTE_BGR) {
      return Resampler.AREA.fit(Picture.of(image), longSide);
    }
    byte[] bgr = ((DataBufferByte) image.getRaster().getDataBuffer()).getData();
    if (bgr.length != 3L * image.getWidth() * image.getHeight()) {
      return Resampler.AREA.fit(Picture.of(image), longSide);
    }
    return Resampler.AREA.fitBgr(bgr, image.getWidth(), image.getHeight(), longSide);
  }

  // Raw samples of three bands at any depth, alpha laid over white.
  private static Picture samples(BufferedImage image, int red, int green, int blue) {
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
    return Picture.of(width, image.getHeight(), rgb);
  }
}
