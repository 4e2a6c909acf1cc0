package dev.likeness.provenance;

import dev.likeness.diffusion.image.RgbImage;
import dev.likeness.photos.internal.image.Resampler;
import dev.likeness.photos.internal.imagefile.ImageFileWriter;
import java.util.Arrays;
import java.util.BitSet;
import java.util.OptionalInt;

/**
 * The invisible mark of diffusers' SDXL pipeline ({@code StableDiffusionXLWatermarker}): its 48
 * bits, in the blue-yellow differences of blocks of 8 by 8 pixels, where the {@code dwtDct} method
 * of the Python package invisible-watermark finds them. Each bit lies in many blocks; reading takes
 * the majority.
 *
 * <p>That package's own writer moves one value a block, which JPEG undoes. This one moves whole
 * blocks, as few and as little as is needed for each bit to outlive JPEG at quality 80 after a
 * resize to nine tenths and back, and rather where there is something to see than on a plain
 * ground.
 */
public final class Watermark {
  /** How many bits the mark has. */
  public static final int BITS = 48;
  /**
   * From how many bits on an image counts as marked: one unmarked image in a million has as many.
   */
  public static final int MIN_BITS = 40;

  private static final long MESSAGE = 0b101100111110110010010000011110111011000110011110L;
  private static final int MIN_PIXELS = 256 * 256;
  private static final double JPEG_QUALITY = 0.8;
  private static final double RESIZE_FACTOR = 0.9;

  private Watermark() {}

  /** The bit that block {@code index} of an image carries, row by row. */
  static int bit(int index) {
    return (int) (MESSAGE >> (BITS - 1 - index % BITS) & 1);
  }

  /** Whether an image is large enough to be marked: 65536 pixels, as with the Python package. */
  public static boolean canEmbed(RgbImage image) {
    return image.width() * (long) image.height() >= MIN_PIXELS;
  }

  /** The marked image; one that is too small comes back as it is. */
  public static RgbImage embed(RgbImage image) {
    if (!canEmbed(image)) {
      return image;
    }
    WatermarkBlocks blocks = new WatermarkBlocks(image);
    WatermarkBlocks.Strength[] strengths = new WatermarkBlocks.Strength[BITS];
    Arrays.fill(strengths, WatermarkBlocks.Strength.FAINT);
    while (true) {
      RgbImage marked = blocks.embed(strengths);
      BitSet weak = weakBits(marked);
      if (weak.stream().allMatch(bit -> strengths[bit].isStrongest())) {
        return marked;
      }
      weak.stream().forEach(bit -> strengths[bit] = strengths[bit].next());
    }
  }

  /**
   * How many of the mark's bits an image shows, 0 to 48; empty when it is too small to carry any.
   */
  public static OptionalInt read(RgbImage image) {
    return canEmbed(image)
        ? OptionalInt.of(new WatermarkBlocks(image).matchingBits())
        : OptionalInt.empty();
  }

  // The bits that are lost, or nearly, by what happens to images.
  private static BitSet weakBits(RgbImage marked) {
    int width = (int) Math.round(marked.width() * RESIZE_FACTOR);
    int height = (int) Math.round(marked.height() * RESIZE_FACTOR);
    RgbImage resized = Resampler.CUBIC.resize(
        Resampler.CUBIC.resize(marked, width, height), marked.width(), marked.height());
    BitSet weak = new WatermarkBlocks(marked).weakBits();
    weak.or(new WatermarkBlocks(ImageFileWriter.roundTripJpeg(marked, JPEG_QUALITY)).weakBits());
    weak.or(new WatermarkBlocks(ImageFileWriter.roundTripJpeg(resized, JPEG_QUALITY)).weakBits());
    return weak;
  }
}
