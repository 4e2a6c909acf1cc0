package dev.likeness.diffusion.image;

import dev.likeness.diffusion.error.InvalidInputException;
import dev.likeness.diffusion.internal.imagefile.ImageFileReader;
import dev.likeness.diffusion.internal.imagefile.ImageFileWriter;
import dev.likeness.diffusion.internal.io.AtomicFile;
import java.awt.color.ColorSpace;
import java.awt.image.BufferedImage;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Path;
import java.util.Arrays;

/**
 * An 8-bit sRGB image: rows from the top, with three bytes (red, green, blue) for each pixel.
 * Immutable.
 *
 * <p>It contains no metadata, so EXIF data of a photo are never copied to another file.
 */
public final class RgbImage {
  private static final int WHITE = 255;
  private static final int BLACK = 0;

  private final int width;
  private final int height;
  private final byte[] rgb;

  private RgbImage(int width, int height, byte[] rgb) {
    if (width < 1 || height < 1 || (long) width * height * 3 != rgb.length) {
      throw new IllegalArgumentException(
          "an RGB image needs at least 1x1 pixels and 3 bytes for each pixel, got " + width + "x"
              + height + " pixels and " + rgb.length + " bytes");
    }
    this.width = width;
    this.height = height;
    this.rgb = rgb;
  }

  /**
   * {@return an image with a copy of the given bytes}
   *
   * @param width the width in pixels, at least 1
   * @param height the height in pixels, at least 1
   * @param rgb {@code 3 * width * height} bytes, rows from the top; red, green, blue of each pixel
   * @throws IllegalArgumentException if a side is less than 1, or if {@code rgb} does not have
   *     {@code 3 * width * height} bytes
   */
  public static RgbImage of(int width, int height, byte[] rgb) {
    return new RgbImage(width, height, rgb.clone());
  }

  /**
   * Copies a {@link BufferedImage}. Transparent pixels are composited over white. Grey values
   * become red, green and blue without a colour conversion.
   *
   * @param image the image, of any type
   * @return a new image
   */
  public static RgbImage of(BufferedImage image) {
    int width = image.getWidth();
    int height = image.getHeight();
    byte[] rgb = new byte[Math.multiplyExact(Math.multiplyExact(width, height), 3)];
    int[] row = new int[width];
    // getRGB converts pixel by pixel.
    boolean packed = image.getType() == BufferedImage.TYPE_INT_RGB
        && image.getColorModel().getColorSpace().isCS_sRGB();
    for (int y = 0, at = 0; y < height; y++) {
      if (packed) {
        image.getRaster().getDataElements(0, y, width, 1, row);
        for (int argb : row) {
          rgb[at++] = (byte) (argb >> 16);
          rgb[at++] = (byte) (argb >> 8);
          rgb[at++] = (byte) argb;
        }
        continue;
      }
      image.getRGB(0, y, width, 1, row, 0, width);
      copyGrey16(image, y, row);
      for (int argb : row) {
        int alpha = argb >>> 24;
        for (int shift = 16; shift >= 0; shift -= 8) {
          rgb[at++] = (byte) (((argb >> shift & 255) * alpha + WHITE * (255 - alpha) + 127) / 255);
        }
      }
    }
    return new RgbImage(width, height, rgb);
  }

  // getRGB treats a grey file's values as linear light and would brighten them.
  private static void copyGrey16(BufferedImage image, int y, int[] row) {
    int bits = image.getColorModel().getComponentSize(0);
    if (image.getColorModel().getColorSpace().getType() == ColorSpace.TYPE_GRAY
        && (bits == 8 || bits == 16)) {
      for (int x = 0; x < row.length; x++) {
        row[x] =
            row[x] & 0xff000000 | (image.getRaster().getSample(x, y, 0) >> bits - 8) * 0x010101;
      }
    }
  }

  /** {@return the width in pixels} */
  public int width() {
    return width;
  }

  /** {@return the height in pixels} */
  public int height() {
    return height;
  }

  /**
   * {@return one channel of one pixel, 0..255}
   *
   * @param x the column, 0 at the left; less than the width
   * @param y the row, 0 at the top; less than the height
   * @param channel 0 for red, 1 for green, 2 for blue
   */
  public int at(int x, int y, int channel) {
    return rgb[(y * width + x) * 3 + channel] & 255;
  }

  /** {@return a copy of the bytes: rows from the top, with red, green and blue of each pixel} */
  public byte[] rgb() {
    return rgb.clone();
  }

  /**
   * Copies a row to the start of {@code out}: red, green and blue of each pixel, from the left.
   *
   * @param y the row, from 0 at the top
   * @param out at least {@code 3 * width} bytes
   */
  public void row(int y, byte[] out) {
    row(0, y, width, out);
  }

  /**
   * Copies a part of a row to the start of {@code out}: red, green and blue of each pixel, from the
   * left.
   *
   * @param x the first column, from 0
   * @param y the row, from 0 at the top
   * @param count the number of pixels
   * @param out at least {@code 3 * count} bytes
   */
  public void row(int x, int y, int count, byte[] out) {
    System.arraycopy(rgb, (y * width + x) * 3, out, 0, count * 3);
  }

  /**
   * {@return a copy of a rectangle, which must lie inside the image}
   *
   * @param x the left edge in pixels, at least 0
   * @param y the top edge in pixels, at least 0
   * @param cropWidth the width in pixels, at least 1
   * @param cropHeight the height in pixels, at least 1
   * @throws IllegalArgumentException if the rectangle is empty or exceeds the image
   */
  public RgbImage crop(int x, int y, int cropWidth, int cropHeight) {
    boolean empty = cropWidth < 1 || cropHeight < 1;
    if (empty || x < 0 || y < 0 || cropWidth > width - x || cropHeight > height - y) {
      throw new IllegalArgumentException("crop " + cropWidth + "x" + cropHeight + "+" + x + "+" + y
          + (empty ? " has no pixel" : " is not inside a " + width + "x" + height + " image"));
    }
    byte[] out = new byte[cropWidth * cropHeight * 3];
    for (int row = 0; row < cropHeight; row++) {
      System.arraycopy(rgb, ((y + row) * width + x) * 3, out, row * cropWidth * 3, cropWidth * 3);
    }
    return new RgbImage(cropWidth, cropHeight, out);
  }

  /** {@return a new image of type {@link BufferedImage#TYPE_INT_RGB}} */
  public BufferedImage toBufferedImage() {
    BufferedImage image = new BufferedImage(width, height, BufferedImage.TYPE_INT_RGB);
    int[] row = new int[width];
    for (int y = 0, at = 0; y < height; y++) {
      for (int x = 0; x < width; x++, at += 3) {
        row[x] = (rgb[at] & 255) << 16 | (rgb[at + 1] & 255) << 8 | rgb[at + 2] & 255;
      }
      image.getRaster().setDataElements(0, y, width, 1, row);
    }
    return image;
  }

  /** {@return the bytes of a PNG file of this image} */
  public byte[] toPng() {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    try {
      ImageFileWriter.writePng(toBufferedImage(), bytes);
    } catch (IOException e) {
      throw new IllegalStateException("cannot encode a PNG file in memory", e);
    }
    return bytes.toByteArray();
  }

  /**
   * Writes a PNG file. A failure leaves no partial file.
   *
   * @param file the file to write, which is replaced if it exists
   * @throws dev.likeness.diffusion.error.ResourceLimitException if the file cannot be written, for
   *     example because the disk is full
   */
  public void writePng(Path file) {
    AtomicFile.write(file, out -> ImageFileWriter.writePng(toBufferedImage(), out));
  }

  /**
   * Reads an image file: PNG, JPEG, GIF, BMP or TIFF. WebP needs {@code likeness-identity-photos}
   * on the class path.
   *
   * <p>The image is turned upright by its EXIF orientation, and its colour profile is applied.
   * Transparency does not count: a transparent pixel keeps the colour that the file stores, as in
   * diffusers' {@code load_image}. For photos that users send, use the photo review of
   * {@code likeness-identity-photos}.
   *
   * @param file a regular file of at most 200 MB and 67 megapixels
   * @return a new image
   * @throws InvalidInputException if the file cannot be read, is too large, or is not a complete
   *     image
   */
  public static RgbImage read(Path file) {
    return ImageFileReader.read(file, ImageFileReader.STORED_COLOURS, RgbImage::upright);
  }

  /**
   * Reads an upright image from a stream. {@link #read(Path)} lists formats and conversions.
   *
   * @param name the name of the image in error messages
   * @param file a stream of at most 200 MB and 67 megapixels, read to its end; the caller closes it
   * @return a new image
   * @throws InvalidInputException if the stream cannot be read, is not a complete image, or exceeds
   *     these limits
   */
  public static RgbImage read(String name, InputStream file) {
    return ImageFileReader.read(name, file, ImageFileReader.STORED_COLOURS, RgbImage::upright);
  }

  /**
   * Reads an upright image from its bytes. {@link #read(Path)} lists formats and conversions.
   *
   * @param name the name of the image in error messages
   * @param file the bytes of the file, at most 200 MB and 67 megapixels; not changed
   * @return a new image
   * @throws InvalidInputException if the bytes are not a complete image, or exceed these limits
   */
  public static RgbImage read(String name, byte[] file) {
    return ImageFileReader.read(name, file, ImageFileReader.STORED_COLOURS, RgbImage::upright);
  }

  /**
   * Reads a mask from an image file. As in diffusers, transparency does not count: a white pixel
   * marks its place even if it is transparent. {@link #read(Path)} lists formats and conversions.
   *
   * @param file a regular file of at most 200 MB and 67 megapixels
   * @return a new image; white marks the part to generate
   * @throws InvalidInputException if the file cannot be read, is too large, or is not a complete
   *     image
   */
  public static RgbImage readMask(Path file) {
    return ImageFileReader.read(file, ImageFileReader.STORED_COLOURS, RgbImage::upright);
  }

  /**
   * Reads a mask from the bytes of an image file, as {@link #readMask(Path)} does.
   *
   * @param name the name of the mask in error messages
   * @param file the bytes of the file, at most 200 MB and 67 megapixels; not changed
   * @return a new image; white marks the part to generate
   * @throws InvalidInputException if the bytes are not a complete image, or exceed these limits
   */
  public static RgbImage readMask(String name, byte[] file) {
    return ImageFileReader.read(name, file, ImageFileReader.STORED_COLOURS, RgbImage::upright);
  }

  /**
   * Reads a mask from a stream, as {@link #readMask(Path)} does.
   *
   * @param name the name of the mask in error messages
   * @param file a stream of at most 200 MB and 67 megapixels, read to its end; the caller closes it
   * @return a new image; white marks the part to generate
   * @throws InvalidInputException if the stream cannot be read, is not a complete image, or exceeds
   *     these limits
   */
  public static RgbImage readMask(String name, InputStream file) {
    return ImageFileReader.read(name, file, ImageFileReader.STORED_COLOURS, RgbImage::upright);
  }

  /**
   * Reads the transparency of an image file: white where it is opaque, black where it is
   * transparent. A file without transparency is white. The masks of some programs are the
   * transparency of an image.
   *
   * @param name the name of the image in error messages
   * @param file the bytes of the file, at most 200 MB and 67 megapixels; not changed
   * @return a new grey image
   * @throws InvalidInputException if the bytes are not a complete image, or exceed these limits
   */
  public static RgbImage readAlpha(String name, byte[] file) {
    RgbImage overBlack = ImageFileReader.read(name, file, BLACK, RgbImage::upright);
    RgbImage overWhite = ImageFileReader.read(name, file, WHITE, RgbImage::upright);
    byte[] alpha = new byte[overBlack.rgb.length];
    for (int i = 0; i < alpha.length; i++) {
      alpha[i] = (byte) (WHITE - (overWhite.rgb[i] & 255) + (overBlack.rgb[i] & 255));
    }
    return new RgbImage(overBlack.width, overBlack.height, alpha);
  }

  private static RgbImage upright(ImageFileReader.Pixels stored, int orientation) {
    return ExifOrientation.of(orientation)
        .toUpright(new RgbImage(stored.width(), stored.height(), stored.rgb()));
  }

  @Override
  public boolean equals(Object other) {
    return other instanceof RgbImage p
        && p.width == width
        && p.height == height
        && Arrays.equals(p.rgb, rgb);
  }

  @Override
  public int hashCode() {
    return Arrays.hashCode(rgb) * 31 + width;
  }

  @Override
  public String toString() {
    return width + "x" + height + " image";
  }
}
