package dev.likeness.headshots.internal.score;

import dev.likeness.diffusion.image.RgbImage;
import dev.likeness.diffusion.internal.nn.Weights;
import dev.likeness.diffusion.internal.tensor.TensorScope;
import dev.likeness.photos.face.Face;
import org.bytedeco.pytorch.NoGradGuard;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorVector;
import org.bytedeco.pytorch.global.torch;

/**
 * Reads from the image of an eye how far its iris lies from the eye's middle, in halves of the
 * eye's width: three convolutions and two layers, which {@code TrainGaze} of
 * research/portrait-training taught on renders.
 */
public final class GazeNetwork {
  /**
   * How far what is seen reaches to each side of the eye's middle, where eyes are 50 pixels apart.
   */
  private static final int HALF_WIDTH = 26;

  private static final int HALF_HEIGHT = 14;
  // What is broader than this is light rather than eye.
  private static final int DETAIL_RADIUS = 7;
  private static final double CONTRAST = 4;
  // Detectors put the middle of an eye so far above where it is.
  private static final int ROWS_BELOW_EYES = 2;
  // What three halvings leave of 53 x 29 places.
  private static final int OUTPUT_CELLS = 7 * 4;

  private final PatchNetwork network;

  /** Reads the network. */
  public GazeNetwork(Weights w) {
    network = new PatchNetwork(w, OUTPUT_CELLS, 1, 6, 12, 12);
  }

  /**
   * Where the irises of eyes lie, [n], positive to the right of what is {@linkplain #patch seen},
   * [n, 1, 29, 53].
   */
  public Tensor forward(Tensor eyes) {
    return network.forward(eyes);
  }

  /**
   * What the network sees of both eyes of a face, [2, 1, 29, 53]: the detail of brightness in
   * natural logarithms around the image's right eye, and around its left one as in a mirror.
   *
   * @param face with its eyes
   * @param dx how far to the right of each eye's middle, in fiftieths of the eyes' distance
   * @param dy how far below it
   */
  public static Tensor patch(RgbImage image, Face face, int dx, int dy) {
    return patch(new FaceView(image, face), dx, dy);
  }

  static Tensor patch(FaceView view, int dx, int dy) {
    Plane detail = view.head.map(v -> Math.log(v + 6)).detail(DETAIL_RADIUS);
    int half = FaceView.EYE_DISTANCE / 2;
    int width = 2 * HALF_WIDTH + 1;
    int height = 2 * HALF_HEIGHT + 1;
    float[] seen = new float[2 * width * height];
    for (int i = 0; i < width * height; i++) {
      int across = i % width - HALF_WIDTH + dx;
      int y = FaceView.EYE_ROW + ROWS_BELOW_EYES + dy + i / width - HALF_HEIGHT;
      seen[i] = (float) (CONTRAST * detail.at(FaceView.SIDE / 2 + half + across, y));
      seen[width * height + i] =
          (float) (CONTRAST * detail.at(FaceView.SIDE / 2 - half - across, y));
    }
    return torch.tensor(seen).view(2, 1, height, width);
  }

  /** Whether both eyes look to the same side, as an {@link GazeNetwork} reads them. */
  public static final class GazeMeasure {
    // Eyes are found a few pixels off; the mean over some places is surer.
    private static final int[] X_OFFSETS = {-2, 0, 2};
    private static final int[] Y_OFFSETS = {-1, 1};

    private GazeMeasure() {}

    /** How far apart the irises lie in both eyes, in halves of an eye's width. */
    public static double divergence(FaceView view) {
      try (TensorScope scope = TensorScope.open();
          NoGradGuard guard = new NoGradGuard()) {
        TensorVector seen = new TensorVector();
        for (int dy : Y_OFFSETS) {
          for (int dx : X_OFFSETS) {
            seen.push_back(GazeNetwork.patch(view, dx, dy));
          }
        }
        // The left eye is seen in a mirror: where both look the same way, their mean is 0.
        return Math.abs(2 * Holder.NETWORK.forward(torch.cat(seen, 0)).mean().item_float());
      }
    }

    private static final class Holder {
      private static final GazeNetwork NETWORK =
          new GazeNetwork(PatchNetwork.ScoreNumbers.of("gaze.json.gz"));
    }
  }
}
