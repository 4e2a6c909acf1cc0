package dev.likeness.headshots.provenance;

import dev.likeness.diffusion.image.Picture;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;

/**
 * A picture as invisible-watermark sees it: the U channel (OpenCV's YUV), its Haar approximation (the sum of two by
 * two pixels, halved), in blocks of four by four of those. A block's value is the largest of its last 15 numbers; the
 * bit is in which half of a step of 36 it lies.
 */
final class WatermarkBlocks {
  private static final double STEP = 36;
  private static final int SIDE = 8;
  private static final double TO_U = 0.492;
  private static final double BLUE = 2.032;
  private static final double GREEN = -0.395;

  private final Picture picture;
  private final int columns;
  private final int rows;

  WatermarkBlocks(Picture picture) {
    this.picture = picture;
    columns = picture.width() / SIDE;
    rows = picture.height() / SIDE;
  }

  private double value(byte[] rgb, int block) {
    double most = -1;
    int left = block % columns * SIDE;
    int top = block / columns * SIDE;
    for (int i = 1; i < SIDE * SIDE / 4; i++) {
      int x = left + i % 4 * 2;
      int y = top + i / 4 * 2;
      most = Math.max(most, (u(rgb, x, y) + u(rgb, x + 1, y) + u(rgb, x, y + 1) + u(rgb, x + 1, y + 1)) / 2);
    }
    return most;
  }

  private double u(byte[] rgb, int x, int y) {
    int at = (y * picture.width() + x) * 3;
    int blue = rgb[at + 2] & 255;
    double luma = 0.299 * (rgb[at] & 255) + 0.587 * (rgb[at + 1] & 255) + 0.114 * blue;
    return TO_U * (blue - luma) + 128;
  }

  /** How many bits of the mark the blocks vote for. */
  int agreement() {
    byte[] rgb = picture.rgb();
    int[] ones = new int[Watermark.BITS];
    int[] votes = new int[Watermark.BITS];
    for (int block = 0; block < rows * columns; block++) {
      votes[block % Watermark.BITS]++;
      ones[block % Watermark.BITS] += value(rgb, block) % STEP > STEP / 2 ? 1 : 0;
    }
    int agreement = 0;
    for (int i = 0; i < Watermark.BITS; i++) {
      int bit = 255 * ones[i] > 127 * votes[i] ? 1 : 0;
      agreement += bit == Watermark.bit(i) ? 1 : 0;
    }
    return agreement;
  }

  /** The picture with the mark. */
  Picture marked(WatermarkStrength strength) {
    byte[] rgb = picture.rgb();
    double[] shifts = new double[rows * columns];
    for (int block = 0; block < shifts.length; block++) {
      shifts[block] = shift(value(rgb, block), Watermark.bit(block), strength);
    }
    for (int bit = 0; bit < Watermark.BITS; bit++) {
      List<Integer> blocks = new ArrayList<>();
      for (int block = bit; block < shifts.length; block += Watermark.BITS) {
        blocks.add(block);
      }
      blocks.sort(Comparator.comparingDouble(block -> Math.abs(shifts[block])));
      int count = (int) Math.ceil(strength.share * blocks.size());
      blocks.subList(0, count).forEach(block -> move(rgb, block, shifts[block]));
    }
    return Picture.of(picture.width(), picture.height(), rgb);
  }

  private static double shift(double value, int bit, WatermarkStrength strength) {
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

  // Luma stays, unless a channel would leave its range: then all three move, which leaves U as it is.
  private void move(byte[] rgb, int block, double shift) {
    double u = shift / 2;
    int left = block % columns * SIDE;
    int top = block / columns * SIDE;
    for (int y = top; u != 0 && y < top + SIDE; y++) {
      for (int x = left; x < left + SIDE; x++) {
        int at = (y * picture.width() + x) * 3;
        double red = rgb[at] & 255;
        double green = (rgb[at + 1] & 255) + GREEN * u;
        double blue = (rgb[at + 2] & 255) + BLUE * u;
        double back = Math.max(0, Math.max(red, Math.max(green, blue)) - 255)
            + Math.min(0, Math.min(red, Math.min(green, blue)));
        rgb[at] = rounded(red - back);
        rgb[at + 1] = rounded(green - back);
        rgb[at + 2] = rounded(blue - back);
      }
    }
  }

  private static byte rounded(double value) {
    return (byte) Math.max(0, Math.min(255, Math.round(value)));
  }
}
