package dev.likeness.headshots.internal.score;

import dev.likeness.diffusion.image.RgbImage;
import dev.likeness.diffusion.internal.nn.Weights;
import dev.likeness.diffusion.internal.tensor.TensorScope;
import dev.likeness.headshots.internal.score.GazeNetwork.PatchNetwork;
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
 * Estimates from one side of a head how much of a paired {@linkplain Accessory accessory} is
 * visible there. It has three convolutions and two linear layers, and was trained on renders
 * ({@code TrainPairs} of research/portrait-training).
 */
public final class PairNetwork {
  /** Half the width of a patch in pixels. */
  private static final int HALF_WIDTH = 26;

  private static final int HALF_HEIGHT = 22;
  private static final int COLOURS = 3;
  // Larger structures are light, not lines.
  private static final int DETAIL_RADIUS = 7;
  private static final double CONTRAST = 4;
  // Cells that remain of 53 x 45 pixels after three halvings.
  private static final int OUTPUT_CELLS = 7 * 6;

  private final PatchNetwork network;

  /** Reads the network. */
  public PairNetwork(Weights w) {
    network = new PatchNetwork(w, OUTPUT_CELLS, COLOURS, 8, 16, 8);
  }

  /** The logits of the visible share, [n], for {@linkplain #patches patches} [n, 3, 45, 53]. */
  public Tensor forward(Tensor sides) {
    return network.forward(sides);
  }

  /**
   * The patches of both sides of a head, [2, 3, 45, 53]: the detail of each logarithmic colour on
   * the image's right side, and on the left side, mirrored.
   *
   * @param face a face with eyes
   */
  public static Tensor patches(RgbImage image, Face face, Accessory worn) {
    return patches(FaceView.upright(image, face), worn, new int[] {0}, new int[] {0});
  }

  /**
   * Patches at several places, [2 n, 3, 45, 53], the two sides in turn.
   *
   * @param across shifts away from the middle of the face, in pixels
   * @param down shifts downwards, in pixels
   */
  static Tensor patches(RgbImage upright, Accessory worn, int[] across, int[] down) {
    int reach =
        HALF_HEIGHT + DETAIL_RADIUS + IntStream.of(down).map(Math::abs).max().orElseThrow();
    RgbImage rows =
        upright.crop(0, FaceView.EYE_ROW + worn.down - reach, FaceView.SIDE, 2 * reach + 1);
    Plane[] details = IntStream.range(0, COLOURS)
        .mapToObj(c -> Plane.of(rows, c).map(v -> Math.log(v + 6)).detail(DETAIL_RADIUS))
        .toArray(Plane[]::new);
    TensorVector patches = new TensorVector();
    for (int dy : down) {
      for (int dx : across) {
        for (int side = 1; side >= -1; side -= 2) {
          patches.push_back(patch(details, side, worn.out + dx, reach + dy));
        }
      }
    }
    return torch.stack(patches, 0);
  }

  private static Tensor patch(Plane[] details, int side, int out, int row) {
    int width = 2 * HALF_WIDTH + 1;
    int height = 2 * HALF_HEIGHT + 1;
    float[] patches = new float[COLOURS * width * height];
    for (int i = 0; i < patches.length; i++) {
      int x = i % width - HALF_WIDTH;
      int y = i / width % height - HALF_HEIGHT;
      patches[i] = (float) (CONTRAST
          * details[i / (width * height)].at(FaceView.SIDE / 2 + side * (out + x), row + y));
    }
    return torch.tensor(patches).view(COLOURS, height, width);
  }

  /**
   * Measures whether the two accessories of a pair match, with a {@link PairNetwork}: rims of
   * glasses, hoops at the ears.
   */
  public static final class PairMeasure {
    // Detected eyes are off by a few pixels; a mean over shifts is more reliable.
    private static final int[] OFFSETS = {-2, 0, 2};
    /** If both sides have a lower score, the accessory is not worn. */
    private static final double MIN_SCORE = 0.5;

    private PairMeasure() {}

    /** How much less is visible of one accessory than of the other, 0 to 1; NaN if none is worn. */
    public static double mismatch(FaceView view, Accessory worn) {
      try (TensorScope scope = TensorScope.open();
          NoGradGuard guard = new NoGradGuard()) {
        Tensor patches = PairNetwork.patches(view.upright, worn, OFFSETS, OFFSETS);
        Tensor shares =
            torch.sigmoid(Holder.NETWORKS.get(worn).forward(patches).view(-1, 2).mean(0));
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
   * An accessory that is worn in pairs, with its place: pixels from the middle of the face and
   * below the eyes, if the eyes are 50 pixels apart.
   */
  public enum Accessory {
    /** The rims of glasses, one before each eye. */
    GLASSES(28, 4),
    /** Hoop earrings, one at each ear. */
    HOOPS(59, 42);

    final int out;
    final int down;

    Accessory(int out, int down) {
      this.out = out;
      this.down = down;
    }

    /** The file with the weights of its {@link PairNetwork}. */
    public String file() {
      return name().toLowerCase(Locale.ROOT) + ".json.gz";
    }
  }
}
