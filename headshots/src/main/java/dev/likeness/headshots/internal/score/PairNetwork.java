package dev.likeness.headshots.internal.score;

import dev.likeness.diffusion.image.RgbImage;
import dev.likeness.diffusion.internal.nn.Weights;
import dev.likeness.photos.face.Face;
import java.util.stream.IntStream;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorVector;
import org.bytedeco.pytorch.global.torch;

/**
 * Reads from one side of a head how much of something that is {@linkplain Worn worn} in pairs is
 * seen there: three convolutions and two layers, which {@code TrainPairs} of portrait-training
 * taught on renders.
 */
public final class PairNetwork {
  /** How far what is seen reaches to each side of where the thing is looked for. */
  private static final int ACROSS = 26;

  private static final int DOWN = 22;
  private static final int COLOURS = 3;
  // What is broader than this is light rather than a line.
  private static final int FINE = 7;
  private static final double CONTRAST = 4;
  // What three halvings leave of 53 x 45 places.
  private static final int PLACES = 7 * 6;

  private final PatchNetwork network;

  /** Reads the network. */
  public PairNetwork(Weights w) {
    network = new PatchNetwork(w, PLACES, COLOURS, 8, 16, 8);
  }

  /** The logits of what share is there, [n], of what is {@linkplain #seen seen}, [n, 3, 45, 53]. */
  public Tensor forward(Tensor sides) {
    return network.forward(sides);
  }

  /**
   * What the network sees of both sides of a head, [2, 3, 45, 53]: the detail of each colour in
   * natural logarithms on the picture's right side, and on its left one as in a mirror.
   *
   * @param face with its eyes
   */
  public static Tensor seen(RgbImage picture, Face face, Worn worn) {
    return seen(FaceView.upright(picture, face), worn, new int[] {0}, new int[] {0});
  }

  /**
   * The same at several places, [2 n, 3, 45, 53], the two sides in turn: so far further out and
   * further below.
   */
  static Tensor seen(RgbImage upright, Worn worn, int[] across, int[] down) {
    int reach = DOWN + FINE + IntStream.of(down).map(Math::abs).max().orElseThrow();
    RgbImage rows =
        upright.crop(0, FaceView.EYE_ROW + worn.down - reach, FaceView.SIDE, 2 * reach + 1);
    Plane[] details = IntStream.range(0, COLOURS)
        .mapToObj(c -> Plane.of(rows, c).mapped(v -> Math.log(v + 6)).detail(FINE))
        .toArray(Plane[]::new);
    TensorVector seen = new TensorVector();
    for (int dy : down) {
      for (int dx : across) {
        for (int side = 1; side >= -1; side -= 2) {
          seen.push_back(side(details, side, worn.out + dx, reach + dy));
        }
      }
    }
    return torch.stack(seen, 0);
  }

  private static Tensor side(Plane[] details, int side, int out, int row) {
    int width = 2 * ACROSS + 1;
    int height = 2 * DOWN + 1;
    float[] seen = new float[COLOURS * width * height];
    for (int i = 0; i < seen.length; i++) {
      int x = i % width - ACROSS;
      int y = i / width % height - DOWN;
      seen[i] = (float) (CONTRAST
          * details[i / (width * height)].at(FaceView.SIDE / 2 + side * (out + x), row + y));
    }
    return torch.tensor(seen).view(COLOURS, height, width);
  }
}
