package dev.likeness.headshots.internal.score;

import dev.likeness.diffusion.image.RgbImage;
import dev.likeness.diffusion.internal.nn.Weights;
import dev.likeness.diffusion.internal.tensor.TensorScope;
import dev.likeness.photos.face.Face;
import java.util.EnumMap;
import java.util.Locale;
import java.util.Map;
import java.util.stream.IntStream;
import org.bytedeco.pytorch.NoGradGuard;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorVector;
import org.bytedeco.pytorch.global.torch;

/**
 * Reads from one side of a head how much of something that is {@linkplain Accessory worn} in pairs
 * is seen there: three convolutions and two layers, which {@code TrainPairs} of
 * research/portrait-training taught on renders.
 */
public final class PairNetwork {
  /** How far what is seen reaches to each side of where the thing is looked for. */
  private static final int HALF_WIDTH = 26;

  private static final int HALF_HEIGHT = 22;
  private static final int COLOURS = 3;
  // What is broader than this is light rather than a line.
  private static final int DETAIL_RADIUS = 7;
  private static final double CONTRAST = 4;
  // What three halvings leave of 53 x 45 places.
  private static final int OUTPUT_CELLS = 7 * 6;

  private final PatchNetwork network;

  /** Reads the network. */
  public PairNetwork(Weights w) {
    network = new PatchNetwork(w, OUTPUT_CELLS, COLOURS, 8, 16, 8);
  }

  /**
   * The logits of what share is there, [n], of what is {@linkplain #patches seen}, [n, 3, 45, 53].
   */
  public Tensor forward(Tensor sides) {
    return network.forward(sides);
  }

  /**
   * What the network sees of both sides of a head, [2, 3, 45, 53]: the detail of each colour in
   * natural logarithms on the image's right side, and on its left one as in a mirror.
   *
   * @param face with its eyes
   */
  public static Tensor patches(RgbImage image, Face face, Accessory worn) {
    return patches(FaceView.upright(image, face), worn, new int[] {0}, new int[] {0});
  }

  /**
   * The same at several places, [2 n, 3, 45, 53], the two sides in turn: so far further out and
   * further below.
   */
  static Tensor patches(RgbImage upright, Accessory worn, int[] across, int[] down) {
    int reach =
        HALF_HEIGHT + DETAIL_RADIUS + IntStream.of(down).map(Math::abs).max().orElseThrow();
    RgbImage rows =
        upright.crop(0, FaceView.EYE_ROW + worn.down - reach, FaceView.SIDE, 2 * reach + 1);
    Plane[] details = IntStream.range(0, COLOURS)
        .mapToObj(c -> Plane.of(rows, c).map(v -> Math.log(v + 6)).detail(DETAIL_RADIUS))
        .toArray(Plane[]::new);
    TensorVector seen = new TensorVector();
    for (int dy : down) {
      for (int dx : across) {
        for (int side = 1; side >= -1; side -= 2) {
          seen.push_back(patch(details, side, worn.out + dx, reach + dy));
        }
      }
    }
    return torch.stack(seen, 0);
  }

  private static Tensor patch(Plane[] details, int side, int out, int row) {
    int width = 2 * HALF_WIDTH + 1;
    int height = 2 * HALF_HEIGHT + 1;
    float[] seen = new float[COLOURS * width * height];
    for (int i = 0; i < seen.length; i++) {
      int x = i % width - HALF_WIDTH;
      int y = i / width % height - HALF_HEIGHT;
      seen[i] = (float) (CONTRAST
          * details[i / (width * height)].at(FaceView.SIDE / 2 + side * (out + x), row + y));
    }
    return torch.tensor(seen).view(COLOURS, height, width);
  }

  /**
   * Whether what is worn in pairs matches, as a {@link PairNetwork} reads it: the rims of glasses,
   * hoops at the ears.
   */
  public static final class PairMeasure {
    // Eyes are found a few pixels off; the mean over some places is surer.
    private static final int[] OFFSETS = {-2, 0, 2};
    /** What is less sure on both sides is not worn. */
    private static final double MIN_SCORE = 0.5;

    private PairMeasure() {}

    /**
     * How much less of one of the two is seen than of the other, 0 to 1; NaN where none is worn.
     */
    public static double mismatch(FaceView view, Accessory worn) {
      try (TensorScope scope = TensorScope.open();
          NoGradGuard guard = new NoGradGuard()) {
        Tensor seen = PairNetwork.patches(view.upright, worn, OFFSETS, OFFSETS);
        Tensor shares =
            torch.sigmoid(Holder.NETWORKS.get(worn).forward(seen).view(-1, 2).mean(0));
        double right = shares.get(0).item_float();
        double left = shares.get(1).item_float();
        double stronger = Math.max(left, right);
        return stronger < MIN_SCORE ? Double.NaN : 1 - Math.min(left, right) / stronger;
      }
    }

    private static final class Holder {
      private static final Map<Accessory, PairNetwork> NETWORKS = new EnumMap<>(Accessory.class);

      static {
        for (Accessory worn : Accessory.values()) {
          NETWORKS.put(worn, new PairNetwork(PatchNetwork.ScoreNumbers.of(worn.file())));
        }
      }
    }
  }

  /**
   * What is worn in pairs, and where one of the two is looked for: from the middle and below the
   * eyes, which are 50 pixels apart.
   */
  public enum Accessory {
    /** A rim of glasses before each eye. */
    GLASSES(28, 4),
    /** A hoop at each ear. */
    HOOPS(59, 42);

    final int out;
    final int down;

    Accessory(int out, int down) {
      this.out = out;
      this.down = down;
    }

    /** The file of the numbers by which a {@link PairNetwork} reads it. */
    public String file() {
      return name().toLowerCase(Locale.ROOT) + ".json.gz";
    }
  }
}
