package dev.likeness.provenance;

import dev.likeness.diffusion.image.RgbImage;
import dev.likeness.diffusion.internal.io.CurrentWork;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.Comparator;
import java.util.List;

/**
 * The blocks of an image as invisible-watermark reads them. The U channel (OpenCV's YUV) is reduced
 * to its Haar approximation: half the sum of two by two pixels. Four by four of these numbers make
 * a block. The block's value is the largest of its last 15 numbers. The value modulo 36 gives the
 * bit: 0 in the lower half, 1 in the upper half.
 */
final class WatermarkBlocks {
  private static final double STEP = 36;
  private static final int SIDE = 8;
  private static final int BITS_OF_ONE = 14;
  private static final int HALF = 1 << 13;
  private static final double BLUE = 2.032;
  private static final double GREEN = -0.395;
  private static final int MOST_RED = 2;
  // A level of red or blue is spent if it saves this much luma.
  private static final double LEVEL_COST = 0.01;
  private static final double CLEAR = 0.08;
  private static final double UNDECIDED = 0.25;
  // Added to a block's texture: a block with this standard deviation costs half of a plain block.
  private static final double PLAIN = 6;

  private final RgbImage image;
  private final int columns;
  private final int rows;

  WatermarkBlocks(RgbImage image) {
    this.image = image;
    columns = image.width() / SIDE;
    rows = image.height() / SIDE;
  }

  private double value(byte[] rgb, int block) {
    double most = -1;
    int left = block % columns * SIDE;
    int top = block / columns * SIDE;
    for (int i = 1; i < SIDE * SIDE / 4; i++) {
      int x = left + i % 4 * 2;
      int y = top + i / 4 * 2;
      most = Math.max(
          most,
          (chroma(rgb, x, y)
                  + chroma(rgb, x + 1, y)
                  + chroma(rgb, x, y + 1)
                  + chroma(rgb, x + 1, y + 1))
              / 2.0);
    }
    return most;
  }

  // Integer arithmetic of OpenCV, with the same rounding.
  private int chroma(byte[] rgb, int x, int y) {
    int at = (y * image.width() + x) * 3;
    int blue = rgb[at + 2] & 255;
    int luma =
        (4899 * (rgb[at] & 255) + 9617 * (rgb[at + 1] & 255) + 1868 * blue + HALF) >> BITS_OF_ONE;
    return (8061 * (blue - luma) + (128 << BITS_OF_ONE) + HALF) >> BITS_OF_ONE;
  }

  /** Returns the number of watermark bits that a majority of blocks has right. */
  int matchingBits() {
    return Watermark.BITS - lostBits(0, 0).cardinality();
  }

  /** Returns the bits without a clear majority. Blocks near the edge of a half count as wrong. */
  BitSet weakBits() {
    return lostBits(CLEAR, UNDECIDED);
  }

  // A bit is 1 if more than 127 of 255 votes say so, as in invisible-watermark. A value at the
  // edge of its half may fall on either side by rounding.
  private BitSet lostBits(double margin, double edge) {
    byte[] rgb = image.rgb();
    int[] right = new int[Watermark.BITS];
    int[] votes = new int[Watermark.BITS];
    for (int block = 0; block < rows * columns; block++) {
      if (block % columns == 0) {
        CurrentWork.throwIfCancelled();
      }
      double within = value(rgb, block) % STEP;
      boolean one = within > STEP / 2;
      double fromEdge = Math.min(Math.min(within, STEP - within), Math.abs(within - STEP / 2));
      votes[block % Watermark.BITS]++;
      right[block % Watermark.BITS] +=
          one == (Watermark.bit(block) == 1) && fromEdge >= edge ? 1 : 0;
    }
    BitSet lost = new BitSet(Watermark.BITS);
    for (int i = 0; i < Watermark.BITS; i++) {
      int needed = Watermark.bit(i) == 1 ? 127 * votes[i] + 1 : 128 * votes[i];
      lost.set(i, 255 * right[i] < needed + 255 * margin * votes[i]);
    }
    return lost;
  }

  /**
   * Returns the image with the watermark.
   *
   * @param strengths strength of each bit; a share of its blocks is changed, the least visible
   *     first
   */
  RgbImage embed(Strength[] strengths) {
    byte[] rgb = image.rgb();
    double[] shifts = new double[rows * columns];
    double[] cost = new double[rows * columns];
    for (int block = 0; block < shifts.length; block++) {
      shifts[block] =
          shift(value(rgb, block), Watermark.bit(block), strengths[block % Watermark.BITS]);
      cost[block] = Math.abs(shifts[block]) / (PLAIN + texture(rgb, block));
    }
    for (int bit = 0; bit < Watermark.BITS; bit++) {
      List<Integer> blocks = new ArrayList<>();
      for (int block = bit; block < shifts.length; block += Watermark.BITS) {
        blocks.add(block);
      }
      blocks.sort(Comparator.comparingDouble(block -> cost[block]));
      int count = (int) Math.ceil(strengths[bit].share * blocks.size());
      blocks.subList(0, count).forEach(block -> shiftBlock(rgb, block, shifts[block]));
    }
    return RgbImage.of(image.width(), image.height(), rgb);
  }

  private static double shift(double value, int bit, Strength strength) {
    double low = bit * STEP / 2 + strength.below;
    double high = (bit + 1) * STEP / 2 - strength.above;
    double within = value % STEP;
    double best = Double.POSITIVE_INFINITY;
    for (int step = -1; step <= 1; step++) {
      double up = low + step * STEP - within;
      double down = high + step * STEP - within;
      double move = up > 0 ? up : Math.min(down, 0);
      best = Math.abs(move) < Math.abs(best) ? move : best;
    }
    return best;
  }

  /**
   * Returns the standard deviation of green in a block and its surroundings, in levels of 0 to 255.
   */
  private double texture(byte[] rgb, int block) {
    int left = Math.max(0, block % columns * SIDE - SIDE / 2);
    int top = Math.max(0, block / columns * SIDE - SIDE / 2);
    int right = Math.min(image.width(), left + 2 * SIDE);
    int bottom = Math.min(image.height(), top + 2 * SIDE);
    double sum = 0;
    double squares = 0;
    for (int y = top; y < bottom; y++) {
      for (int x = left; x < right; x++) {
        int green = rgb[(y * image.width() + x) * 3 + 1] & 255;
        sum += green;
        squares += green * green;
      }
    }
    int n = (right - left) * (bottom - top);
    return Math.sqrt(Math.max(0, squares / n - sum / n * (sum / n)));
  }

  // Keeps the luma, so that a smooth image shows no grid of blocks. If a channel would leave its
  // range, all three channels are shifted, which keeps U.
  private void shiftBlock(byte[] rgb, int block, double shift) {
    double u = shift / 2;
    int[] change = change(u);
    int left = block % columns * SIDE;
    int top = block / columns * SIDE;
    for (int y = top; u != 0 && y < top + SIDE; y++) {
      for (int x = left; x < left + SIDE; x++) {
        int at = (y * image.width() + x) * 3;
        int red = (rgb[at] & 255) + change[0];
        int green = (rgb[at + 1] & 255) + change[1];
        int blue = (rgb[at + 2] & 255) + change[2];
        int back = Math.max(0, Math.max(red, Math.max(green, blue)) - 255)
            + Math.min(0, Math.min(red, Math.min(green, blue)));
        rgb[at] = clamped(red - back);
        rgb[at + 1] = clamped(green - back);
        rgb[at + 2] = clamped(blue - back);
      }
    }
  }

  /**
   * Returns whole levels of red, green and blue that move U by {@code u} or slightly more, and the
   * luma least. Every pixel of a block has the same rounding, so a shift of the luma by a third of
   * a level would outline the block. Red and blue make up for the rounding of green.
   */
  private static int[] change(double u) {
    int blue = (int) Math.round(BLUE * u);
    int green = (int) Math.round(GREEN * u);
    int[] best = {0, green, blue};
    for (int more = 0; more <= 1; more++) {
      for (int g = green - 1; g <= green + 1; g++) {
        for (int red = -MOST_RED; red <= MOST_RED; red++) {
          int[] candidate = {red, g, blue + more * Integer.signum(blue)};
          best = cost(candidate, blue) < cost(best, blue) ? candidate : best;
        }
      }
    }
    return best;
  }

  private static double cost(int[] change, int blue) {
    double luma = 0.299 * change[0] + 0.587 * change[1] + 0.114 * change[2];
    return Math.abs(luma) + LEVEL_COST * (Math.abs(change[0]) + Math.abs(change[2] - blue));
  }

  private static byte clamped(int value) {
    return (byte) Math.max(0, Math.min(255, value));
  }

  /**
   * Strength of a bit, from weak to strong. A block's value is moved into its bit's half of a
   * quantisation step: at least {@code below} from the lower end and {@code above} from the upper
   * end. {@code above} is larger, because noise mostly raises a maximum. Only a share of the bit's
   * blocks is changed, which is enough for a majority.
   */
  enum Strength {
    FAINT(0.55, 4, 7),
    GENTLE(0.65, 4, 7),
    FIRM(0.8, 4, 7.5),
    STRONG(1, 5, 8),
    STRONGER(1, 7, 9),
    STRONGEST(1, 8.5, 9.5);

    final double share;
    final double below;
    final double above;

    Strength(double share, double below, double above) {
      this.share = share;
      this.below = below;
      this.above = above;
    }

    boolean isStrongest() {
      return this == STRONGEST;
    }

    Strength next() {
      return isStrongest() ? this : values()[ordinal() + 1];
    }
  }
}
