package dev.likeness.diffusion.image;

import dev.likeness.diffusion.error.InvalidInputException;
import dev.likeness.diffusion.internal.io.AtomicFile;
import java.awt.color.ColorSpace;
import java.awt.image.BufferedImage;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import javax.imageio.ImageIO;
import javax.imageio.stream.MemoryCacheImageInputStream;
import javax.imageio.stream.MemoryCacheImageOutputStream;

/**
 * An 8-bit sRGB image: rows from the top, three bytes (red, green, blue) a pixel. Immutable;
 * carries no metadata, so nothing of a photo's EXIF can travel on.
 */
public final class RgbImage {
  private final int width;
  private final int height;
  private final byte[] rgb;

  private RgbImage(int width, int height, byte[] rgb) {
    if (width < 1 || height < 1 || (long) width * height * 3 != rgb.length) {
      throw new IllegalArgumentException(
          rgb.length + " bytes are not an image of " + width + "x" + height + " RGB");
    }
    this.width = width;
    this.height = height;
    this.rgb = rgb;
  }

  /**
   * Wraps {@code rgb}, which is {@code 3 * width * height} bytes and must not be changed
   * afterwards.
   */
  public static RgbImage of(int width, int height, byte[] rgb) {
    return new RgbImage(width, height, rgb);
  }

  /**
   * Copies any {@link BufferedImage}; alpha is laid over white, and grey values stay what they are.
   */
  public static RgbImage of(BufferedImage image) {
    return compositeOver(255, image);
  }

  private static RgbImage compositeOver(int background, BufferedImage image) {
    int width = image.getWidth();
    int height = image.getHeight();
    byte[] rgb = new byte[Math.multiplyExact(Math.multiplyExact(width, height), 3)];
    int[] row = new int[width];
    for (int y = 0, at = 0; y < height; y++) {
      image.getRGB(0, y, width, 1, row, 0, width);
      copyGrey16(image, y, row);
      for (int argb : row) {
        int alpha = argb >>> 24;
        for (int shift = 16; shift >= 0; shift -= 8) {
          rgb[at++] =
              (byte) (((argb >> shift & 255) * alpha + background * (255 - alpha) + 127) / 255);
        }
      }
    }
    return new RgbImage(width, height, rgb);
  }

  // Java takes a grey file's values for linear light and would brighten them; its alpha is right.
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

  public int width() {
    return width;
  }

  public int height() {
    return height;
  }

  /** One channel of one pixel, 0 to 255; channel 0 is red, 1 green, 2 blue. */
  public int at(int x, int y, int channel) {
    return rgb[(y * width + x) * 3 + channel] & 255;
  }

  /** A copy of the bytes: rows from the top, red, green, blue. */
  public byte[] rgb() {
    return rgb.clone();
  }

  /** Copies row {@code y} to the start of {@code out}: red, green, blue from the left. */
  public void row(int y, byte[] out) {
    row(0, y, width, out);
  }

  /**
   * Copies {@code count} pixels of row {@code y}, from column {@code x}, to the start of
   * {@code out}.
   */
  public void row(int x, int y, int count, byte[] out) {
    System.arraycopy(rgb, (y * width + x) * 3, out, 0, count * 3);
  }

  /** The part of the image at ({@code x}, {@code y}); it must lie inside. */
  public RgbImage crop(int x, int y, int cropWidth, int cropHeight) {
    if (x < 0 || y < 0 || x + cropWidth > width || y + cropHeight > height) {
      throw new IllegalArgumentException("crop " + cropWidth + "x" + cropHeight + "+" + x + "+" + y
          + " lies outside a " + width + "x" + height + " image");
    }
    byte[] out = new byte[cropWidth * cropHeight * 3];
    for (int row = 0; row < cropHeight; row++) {
      System.arraycopy(rgb, ((y + row) * width + x) * 3, out, row * cropWidth * 3, cropWidth * 3);
    }
    return new RgbImage(cropWidth, cropHeight, out);
  }

  /** A fresh image of type {@link BufferedImage#TYPE_INT_RGB}. */
  public BufferedImage toBufferedImage() {
    BufferedImage image = new BufferedImage(width, height, BufferedImage.TYPE_INT_RGB);
    int[] row = new int[width];
    for (int y = 0, at = 0; y < height; y++) {
      for (int x = 0; x < width; x++, at += 3) {
        row[x] = (rgb[at] & 255) << 16 | (rgb[at + 1] & 255) << 8 | rgb[at + 2] & 255;
      }
      image.setRGB(0, y, width, 1, row, 0, width);
    }
    return image;
  }

  /** The image as the bytes of a PNG file. */
  public byte[] toPng() {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    try {
      encode(bytes);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    return bytes.toByteArray();
  }

  /** Writes a PNG file, whole or not at all. */
  public void writePng(Path file) {
    AtomicFile.write(file, this::encode);
  }

  /**
   * Reads a PNG, JPEG, GIF or BMP file of one's own making as it is stored: a phone's photo, which
   * its EXIF mark turns, goes through {@code Orientation.upright} of {@code identity-photos}, and
   * photos from people through its intake.
   */
  public static RgbImage read(Path file) {
    return read(file, 255);
  }

  /** The same of a mask, in which what is transparent is black, as it is not painted. */
  public static RgbImage readMask(Path file) {
    return read(file, 0);
  }

  private static RgbImage read(Path file, int background) {
    try (InputStream in = Files.newInputStream(file)) {
      BufferedImage image = ImageIO.read(new MemoryCacheImageInputStream(in));
      if (image == null) {
        throw new InvalidInputException(
            file + " is not an image this library reads; give a PNG or JPEG file");
      }
      return compositeOver(background, image);
    } catch (IOException e) {
      throw new InvalidInputException("cannot read the image " + file + ": " + e.getMessage(), e);
    }
  }

  // The stream is ours: ImageIO's own choice would spool faces through a file in the temporary
  // folder.
  private void encode(OutputStream out) throws IOException {
    try (MemoryCacheImageOutputStream stream = new MemoryCacheImageOutputStream(out)) {
      ImageIO.write(toBufferedImage(), "png", stream);
    }
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
