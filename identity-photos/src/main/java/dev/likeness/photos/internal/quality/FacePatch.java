package dev.likeness.photos.internal.quality;

import dev.likeness.diffusion.image.RgbImage;
import dev.likeness.diffusion.internal.image.Resampler;
import dev.likeness.photos.face.BoundingBox;
import dev.likeness.photos.face.Face;
import dev.likeness.photos.internal.image.Luma;
import java.util.Arrays;

/**
 * A face at a standard size, so that measurements do not depend on its size in the photo: the
 * face's region at 160 pixels, or at its own size if that is smaller. Pixels outside the image
 * repeat its edge.
 */
public final class FacePatch {
  /** The standard width and height in pixels. */
  public static final int SIDE = 160;

  private static final int MIN_SIDE = 48;

  private final RgbImage image;
  private final Luma luma;

  private FacePatch(RgbImage image) {
    this.image = image;
    this.luma = Luma.of(image);
  }

  /** Returns the patch of {@code face} in the image {@code whole}. */
  public static FacePatch of(RgbImage whole, Face face) {
    BoundingBox box = face.region();
    int side = (int) Math.max(MIN_SIDE, Math.min(SIDE, Math.round(box.width())));
    return new FacePatch(
        Resampler.CUBIC.resize(whole, box.x(), box.y(), box.width(), box.height(), side, side));
  }

  /** Returns the patch in colour. */
  public RgbImage image() {
    return image;
  }

  /** Returns the brightness of the patch. */
  public Luma luma() {
    return luma;
  }

  /** Returns width and height in pixels, at most {@link #SIDE}. */
  public int side() {
    return image.width();
  }

  /**
   * Returns true if a pixel is in the face's oval. The corners of the box show hair and background.
   */
  public boolean isInOval(int x, int y) {
    double u = (x + 0.5) / side() - 0.5;
    double v = (y + 0.5) / side() - 0.52;
    return u * u / (0.36 * 0.36) + v * v / (0.44 * 0.44) <= 1;
  }

  /**
   * Measures the blur of a face, 0 (sharp) to 1, by how little further blurring changes it (Crété
   * et al., "The blur effect", SPIE 6492, 2007). The standard size makes it independent of the
   * photo's resolution.
   */
  static final class Blur {
    // Radius of the further blur as a share of the patch's side.
    private static final double RADIUS_SHARE = 1 / 20.0;

    private Blur() {}

    static double measure(FacePatch patch) {
      Luma luma = patch.luma();
      int side = patch.side();
      float[] rows = new float[side * side];
      float[] columns = new float[side * side];
      for (int y = 0; y < side; y++) {
        for (int x = 0; x < side; x++) {
          rows[y * side + x] = luma.at(x, y);
          columns[x * side + y] = luma.at(x, y);
        }
      }
      return Math.max(alongRows(rows, side), alongRows(columns, side));
    }

    // Returns the share of the differences between neighbours that remains after blurring along the
    // rows.
    private static double alongRows(float[] f, int side) {
      float[] b = boxBlur(f, side);
      double before = 0;
      double lost = 0;
      for (int y = 0; y < side; y++) {
        for (int x = 1; x < side; x++) {
          int i = y * side + x;
          double df = Math.abs(f[i] - f[i - 1]);
          double db = Math.abs(b[i] - b[i - 1]);
          before += df;
          lost += Math.max(0, df - db);
        }
      }
      return before == 0 ? 1 : (before - lost) / before;
    }

    private static float[] boxBlur(float[] f, int side) {
      float[] out = new float[f.length];
      int reach = Math.max(2, (int) Math.round(RADIUS_SHARE * side));
      for (int y = 0; y < side; y++) {
        for (int x = 0; x < side; x++) {
          float sum = 0;
          for (int k = -reach; k <= reach; k++) {
            sum += f[y * side + Math.max(0, Math.min(side - 1, x + k))];
          }
          out[y * side + x] = sum / (2 * reach + 1);
        }
      }
      return out;
    }
  }

  /**
   * Measures the exposure of a face. Highlights, unlike mean values, distinguish underexposure from
   * dark skin.
   */
  static final class Exposure {
    private static final int CLIPPED = 250;
    private static final double HIGHLIGHT = 0.95;

    private Exposure() {}

    /** Returns the 95th percentile of the face's brightness, 0 to 255. */
    static double highlight(FacePatch patch) {
      int[] values = new int[patch.side() * patch.side()];
      int n = 0;
      for (int y = 0; y < patch.side(); y++) {
        for (int x = 0; x < patch.side(); x++) {
          if (patch.isInOval(x, y)) {
            values[n++] = patch.luma().at(x, y);
          }
        }
      }
      Arrays.sort(values, 0, n);
      return values[(int) (HIGHLIGHT * (n - 1))];
    }

    /** Returns the share of the face, 0 to 1, that is overexposed to white. */
    static double clippedShare(FacePatch patch) {
      RgbImage image = patch.image();
      int burnt = 0;
      int all = 0;
      for (int y = 0; y < patch.side(); y++) {
        for (int x = 0; x < patch.side(); x++) {
          if (patch.isInOval(x, y)) {
            all++;
            burnt += image.at(x, y, 0) >= CLIPPED && image.at(x, y, 1) >= CLIPPED ? 1 : 0;
          }
        }
      }
      return (double) burnt / all;
    }

    /**
     * Returns how much lighter the right half of the face is than the left half, in stops; negative
     * if it is darker.
     */
    static double lightDifference(FacePatch patch) {
      double[] light = new double[2];
      for (int y = 0; y < patch.side(); y++) {
        for (int x = 0; x < patch.side(); x++) {
          if (patch.isInOval(x, y)) {
            light[2 * x < patch.side() ? 0 : 1] += Math.pow(patch.luma().at(x, y) / 255.0, 2.2);
          }
        }
      }
      double least = 1e-3 * patch.side() * patch.side();
      return Math.log((light[1] + least) / (light[0] + least)) / Math.log(2);
    }
  }
}
