package dev.likeness.provenance;

import dev.likeness.diffusion.image.RgbImage;
import dev.likeness.diffusion.internal.image.Resampler;
import dev.likeness.diffusion.internal.imagefile.ImageFileWriter;
import dev.likeness.diffusion.internal.io.CurrentWork;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.util.Arrays;
import java.util.BitSet;
import java.util.OptionalInt;
import javax.imageio.ImageIO;
import javax.imageio.stream.MemoryCacheImageInputStream;

/**
 * The invisible watermark of diffusers' SDXL pipeline ({@code StableDiffusionXLWatermarker}). Its
 * 48 bits lie in the blue-yellow differences of blocks of 8 by 8 pixels. The {@code dwtDct} method
 * of the Python package invisible-watermark reads these bits. Many blocks contain the same bit; the
 * reader uses the value of the majority.
 *
 * <p>The writer of that package changes one value of a block. JPEG compression undoes this change.
 * This class changes whole blocks instead. It changes no more blocks than needed, and changes them
 * as little as possible. It prefers blocks with texture to plain blocks. It strengthens a bit until
 * the bit survives a resize to 90 % of the image's size and back, followed by JPEG of quality 80.
 * If a bit reaches the highest strength, it is not strengthened further.
 */
public final class Watermark {
  /** Number of bits of the watermark. */
  public static final int BITS = 48;
  /**
   * Minimum number of correct bits in a watermarked image. Of images without a watermark, about two
   * in a million reach this number.
   */
  public static final int MIN_BITS = 40;

  private static final long MESSAGE = 0b101100111110110010010000011110111011000110011110L;
  private static final int MIN_PIXELS = 256 * 256;
  private static final double JPEG_QUALITY = 0.8;
  private static final double RESIZE_FACTOR = 0.9;

  private Watermark() {}

  /** Returns the bit, 0 or 1, of the block at {@code index}; blocks are counted row by row. */
  static int bit(int index) {
    return (int) (MESSAGE >> (BITS - 1 - index % BITS) & 1);
  }

  /**
   * Reports whether an image is large enough for a watermark: at least 65,536 pixels, as in the
   * Python package invisible-watermark.
   *
   * @param image an image of any size
   * @return true if the image is large enough
   */
  public static boolean canEmbed(RgbImage image) {
    return image.width() * (long) image.height() >= MIN_PIXELS;
  }

  /**
   * Adds the watermark to an image.
   *
   * @param image an image of any size
   * @return a new image with the watermark; the given image if it is too small
   */
  public static RgbImage embed(RgbImage image) {
    if (!canEmbed(image)) {
      return image;
    }
    WatermarkBlocks blocks = new WatermarkBlocks(image);
    WatermarkBlocks.Strength[] strengths = new WatermarkBlocks.Strength[BITS];
    Arrays.fill(strengths, WatermarkBlocks.Strength.FAINT);
    while (true) {
      CurrentWork.throwIfCancelled();
      RgbImage marked = blocks.embed(strengths);
      BitSet weak = weakBits(marked);
      if (weak.stream().allMatch(bit -> strengths[bit].isStrongest())) {
        return marked;
      }
      weak.stream().forEach(bit -> strengths[bit] = strengths[bit].next());
    }
  }

  /**
   * Reads the watermark of an image.
   *
   * @param image an image of any size
   * @return the number of correct bits, 0 to 48; empty if the image is too small
   */
  public static OptionalInt read(RgbImage image) {
    return canEmbed(image)
        ? OptionalInt.of(new WatermarkBlocks(image).matchingBits())
        : OptionalInt.empty();
  }

  // Returns the bits that are lost, or almost lost, after JPEG compression or a resize.
  private static BitSet weakBits(RgbImage marked) {
    int width = (int) Math.round(marked.width() * RESIZE_FACTOR);
    int height = (int) Math.round(marked.height() * RESIZE_FACTOR);
    RgbImage resized = Resampler.CUBIC.resize(
        Resampler.CUBIC.resize(marked, width, height), marked.width(), marked.height());
    BitSet weak = new WatermarkBlocks(marked).weakBits();
    weak.or(new WatermarkBlocks(afterJpeg(marked, JPEG_QUALITY)).weakBits());
    weak.or(new WatermarkBlocks(afterJpeg(resized, JPEG_QUALITY)).weakBits());
    return weak;
  }

  /**
   * Returns the image after JPEG encoding and decoding.
   *
   * @param quality 0 to 1: IJG's quality divided by 100
   */
  static RgbImage afterJpeg(RgbImage image, double quality) {
    byte[] file = ImageFileWriter.encodeJpeg(image.toBufferedImage(), quality);
    try {
      return RgbImage.of(
          ImageIO.read(new MemoryCacheImageInputStream(new ByteArrayInputStream(file))));
    } catch (IOException e) {
      throw new IllegalStateException("cannot decode a JPEG file in memory", e);
    }
  }
}
