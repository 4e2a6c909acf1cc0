package dev.likeness.photos.internal.quality;

import dev.likeness.diffusion.image.RgbImage;
import dev.likeness.diffusion.internal.image.Resampler;
import dev.likeness.photos.face.BoundingBox;
import dev.likeness.photos.face.Face;
import dev.likeness.photos.internal.image.Luma;
import java.util.Arrays;
import java.util.HashSet;
import java.util.Set;

/**
 * The detail of a face, comparable between copies of one shot. Detail is where coarser edges are;
 * noise, grain and dithering are everywhere. So only the energy of a frequency band that goes with
 * the energy of the next coarser band counts. A copy that was enlarged is worse than one that was
 * not ({@link Enlargement}). Immutable.
 */
public final class TrueDetail {
  private static final int MAX_SIDE = 1024;
  private static final int MAX_AMOUNT_SIDE = 512;
  private static final int MIN_SIDE = 48;
  private static final int BLOCK = 8;
  // Energies are compared at this standard deviation of the face's coarse light and dark.
  private static final double CONTRAST = 40;
  // Energy that is hardly visible, in squared grey levels.
  private static final double INVISIBLE = 15;
  private static final int PALETTE_COLOURS = 256;
  // How much the quality of files counts: if both are JPEG files, and if one of them is not. Of a
  // file of another format it is not known how often its image was compressed before.
  private static final double JPEG_EXPONENT = 1;
  private static final double MIXED_EXPONENT = 0.15;
  // Smaller differences, and smaller differences of size, are accidental.
  private static final double EQUAL = 1.03;
  private static final double EQUAL_SIDE = 1.1;
  // The borders of the blocks of a file with less than this share of the other file's quality may
  // look like detail that the other copy lacks.
  private static final double STRONG_COMPRESSION = 0.6;
  // A larger copy with less detail than this at the size of the smaller one is noisy or blurred.
  private static final double SPOILT = 0.8;

  private final RgbImage face;
  private final boolean palette;
  private final boolean hasRepeatedPixels;
  private final double fidelity;

  private TrueDetail(RgbImage face, boolean palette, boolean hasRepeatedPixels, double fidelity) {
    this.face = face;
    this.palette = palette;
    this.hasRepeatedPixels = hasRepeatedPixels;
    this.fidelity = fidelity;
  }

  /**
   * Returns the detail of {@code face} in {@code image}.
   *
   * @param quality quality of the file: 1 if it lost nothing, less for JPEG
   */
  public static TrueDetail of(RgbImage image, Face face, double quality) {
    BoundingBox box = face.box();
    int x = (int) Math.max(0, Math.min(image.width() - 1, Math.round(box.x())));
    int y = (int) Math.max(0, Math.min(image.height() - 1, Math.round(box.y())));
    int side = (int) Math.max(
        1, Math.min(Math.round(box.width()), Math.min(image.width() - x, image.height() - y)));
    RgbImage crop = image.crop(x, y, side, side);
    return new TrueDetail(
        side > MAX_SIDE ? Resampler.AREA.resize(crop, MAX_SIDE, MAX_SIDE) : crop,
        hasPalette(image),
        side >= Enlargement.MIN_SIDE && Enlargement.hasRepeatedPixels(crop),
        quality);
  }

  // Photos with few colours were reduced to a palette, with dithering, as in GIF files.
  private static boolean hasPalette(RgbImage image) {
    Set<Integer> colours = new HashSet<>();
    byte[] row = new byte[3 * image.width()];
    for (int y = 0; y < image.height() && colours.size() <= PALETTE_COLOURS; y++) {
      image.row(y, row);
      for (int i = 0; i < row.length; i += 3) {
        colours.add((row[i] & 255) << 16 | (row[i + 1] & 255) << 8 | row[i + 2] & 255);
      }
    }
    return colours.size() <= PALETTE_COLOURS;
  }

  /** Returns a number above 0 if this copy has more detail, below 0 if less, and 0 if as much. */
  public int compare(TrueDetail other) {
    if (palette != other.palette) {
      return palette ? -1 : 1;
    }
    if (hasRepeatedPixels != other.hasRepeatedPixels) {
      return hasRepeatedPixels ? -1 : 1;
    }
    double larger = (double) side() / other.side();
    if (larger < 1 / EQUAL_SIDE) {
      return -other.compare(this);
    }
    int common = Math.min(side(), other.side());
    if (common >= Enlargement.MIN_SIDE) {
      double finer = Enlargement.compare(resized(common), other.resized(common));
      double quality = fidelity / other.fidelity;
      if (finer > 0 && quality > STRONG_COMPRESSION
          || finer < 0 && quality * STRONG_COMPRESSION < 1) {
        return finer > 0 ? 1 : -1;
      }
      if (larger > EQUAL_SIDE && Enlargement.isEnlarged(face, other.resized(common))) {
        return -1;
      }
    }
    common = Math.min(common, MAX_AMOUNT_SIDE);
    double exponent = fidelity < 1 && other.fidelity < 1 ? JPEG_EXPONENT : MIXED_EXPONENT;
    double ratio = amount(common)
        / Math.max(1e-9, other.amount(common))
        * Math.pow(fidelity / other.fidelity, exponent);
    if (larger > EQUAL_SIDE) {
      return ratio > SPOILT ? 1 : -1;
    }
    return ratio > EQUAL ? 1 : ratio < 1 / EQUAL ? -1 : 0;
  }

  private int side() {
    return face.width();
  }

  private RgbImage resized(int side) {
    return side == side() ? face : Resampler.AREA.resize(face, Math.max(1, side), side);
  }

  // Returns the detail at {@code side} pixels: the sum of the information of all frequency bands.
  private double amount(int side) {
    Grid grey = Grid.of(Luma.of(resized(side)));
    Grid clean = grey.median();
    double scale = CONTRAST / Math.max(5, grey.coarseDeviation());
    double sum = 0;
    while (grey.side() >= MIN_SIDE) {
      Grid blurred = grey.blurred();
      Grid cleanHalf = clean.blurred().halved();
      int blocks = Math.min(grey.side() / BLOCK, cleanHalf.side() / (BLOCK / 2));
      double[] fine = grey.minus(blurred).energies(blocks, BLOCK, scale);
      double[] coarse = cleanHalf.minus(cleanHalf.blurred()).energies(blocks, BLOCK / 2, scale);
      double detail = detailEnergy(fine, coarse);
      double noise = Math.max(0, Arrays.stream(fine).average().orElse(0) - detail);
      sum += grey.side() * grey.side() * Math.log1p(detail / (INVISIBLE + noise));
      grey = blurred.halved();
      clean = cleanHalf;
    }
    return sum;
  }

  // Returns the part of the mean fine energy that a regression on the coarse energy explains.
  private static double detailEnergy(double[] fine, double[] coarse) {
    double meanFine = Arrays.stream(fine).average().orElse(0);
    double meanCoarse = Arrays.stream(coarse).average().orElse(0);
    double covariance = 0;
    double variance = 1e-9;
    for (int i = 0; i < fine.length; i++) {
      covariance += (fine[i] - meanFine) * (coarse[i] - meanCoarse);
      variance += (coarse[i] - meanCoarse) * (coarse[i] - meanCoarse);
    }
    return Math.max(0, covariance / variance * meanCoarse);
  }

  /** A square of grey values. */
  private record Grid(int side, float[] values) {
    static Grid of(Luma luma) {
      int side = Math.min(luma.width(), luma.height());
      float[] values = new float[side * side];
      for (int i = 0; i < values.length; i++) {
        values[i] = luma.at(i % side, i / side);
      }
      return new Grid(side, values);
    }

    private float at(int x, int y) {
      return values[Math.max(0, Math.min(side - 1, y)) * side + Math.max(0, Math.min(side - 1, x))];
    }

    /** Returns the median of each square of three by three pixels: without single wrong pixels. */
    Grid median() {
      float[] out = new float[values.length];
      float[] around = new float[9];
      for (int y = 0; y < side; y++) {
        for (int x = 0; x < side; x++) {
          for (int k = 0; k < 9; k++) {
            around[k] = at(x + k % 3 - 1, y + k / 3 - 1);
          }
          Arrays.sort(around);
          out[y * side + x] = around[4];
        }
      }
      return new Grid(side, out);
    }

    /** Blurs with the binomial kernel 1, 4, 6, 4, 1 in both directions. */
    Grid blurred() {
      return blurredRows().blurredRows();
    }

    // Blurs along the rows and swaps rows and columns.
    private Grid blurredRows() {
      float[] out = new float[values.length];
      for (int y = 0; y < side; y++) {
        for (int x = 0; x < side; x++) {
          out[x * side + y] =
              (at(x - 2, y) + 4 * at(x - 1, y) + 6 * at(x, y) + 4 * at(x + 1, y) + at(x + 2, y))
                  / 16;
        }
      }
      return new Grid(side, out);
    }

    Grid halved() {
      int half = (side + 1) / 2;
      float[] out = new float[half * half];
      for (int i = 0; i < out.length; i++) {
        out[i] = values[i / half * 2 * side + i % half * 2];
      }
      return new Grid(half, out);
    }

    Grid minus(Grid other) {
      float[] out = new float[values.length];
      for (int i = 0; i < out.length; i++) {
        out[i] = values[i] - other.values[i];
      }
      return new Grid(side, out);
    }

    /**
     * Returns the mean squares of {@code count} by {@code count} blocks, with the values multiplied
     * by {@code scale}.
     */
    double[] energies(int count, int block, double scale) {
      double[] out = new double[count * count];
      for (int y = 0; y < count * block; y++) {
        for (int x = 0; x < count * block; x++) {
          double value = scale * values[y * side + x];
          out[y / block * count + x / block] += value * value / (block * block);
        }
      }
      return out;
    }

    /** Returns the standard deviation of the means of blocks. */
    double coarseDeviation() {
      int count = Math.max(1, side / BLOCK);
      double[] means = new double[count * count];
      for (int y = 0; y < side / BLOCK * BLOCK; y++) {
        for (int x = 0; x < side / BLOCK * BLOCK; x++) {
          means[y / BLOCK * count + x / BLOCK] += values[y * side + x] / (BLOCK * BLOCK);
        }
      }
      double mean = Arrays.stream(means).average().orElse(0);
      return Math.sqrt(
          Arrays.stream(means).map(v -> (v - mean) * (v - mean)).average().orElse(0));
    }
  }
}
