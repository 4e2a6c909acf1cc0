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
 * Reads from the picture of an eye how far its iris lies from the eye's middle, in halves of the
 * eye's width: three convolutions and two layers, which {@code TrainGaze} of
 * research/portrait-training taught on renders.
 */
public final class GazeNetwork {
  /**
   * How far what is seen reaches to each side of the eye's middle, where eyes are 50 pixels apart.
   */
  private static final int ACROSS = 26;

  private static final int DOWN = 14;
  // What is broader than this is light rather than eye.
  private static final int FINE = 7;
  private static final double CONTRAST = 4;
  // Detectors put the middle of an eye so far above where it is.
  private static final int BELOW = 2;
  // What three halvings leave of 53 x 29 places.
  private static final int PLACES = 7 * 4;

  private final PatchNetwork network;

  /** Reads the network. */
  public GazeNetwork(Weights w) {
    network = new PatchNetwork(w, PLACES, 1, 6, 12, 12);
  }

  /**
   * Where the irises of eyes lie, [n], positive to the right of what is {@linkplain #seen seen},
   * [n, 1, 29, 53].
   */
  public Tensor forward(Tensor eyes) {
    return network.forward(eyes);
  }

  /**
   * What the network sees of both eyes of a face, [2, 1, 29, 53]: the detail of brightness in
   * natural logarithms around the picture's right eye, and around its left one as in a mirror.
   *
   * @param face with its eyes
   * @param dx how far to the right of each eye's middle, in fiftieths of the eyes' distance
   * @param dy how far below it
   */
  public static Tensor seen(RgbImage picture, Face face, int dx, int dy) {
    return seen(new FaceView(picture, face), dx, dy);
  }

  static Tensor seen(FaceView view, int dx, int dy) {
    Plane detail = view.head.mapped(v -> Math.log(v + 6)).detail(FINE);
    int half = FaceView.EYE_DISTANCE / 2;
    int width = 2 * ACROSS + 1;
    int height = 2 * DOWN + 1;
    float[] seen = new float[2 * width * height];
    for (int i = 0; i < width * height; i++) {
      int across = i % width - ACROSS + dx;
      int y = FaceView.EYE_ROW + BELOW + dy + i / width - DOWN;
      seen[i] = (float) (CONTRAST * detail.at(FaceView.SIDE / 2 + half + across, y));
      seen[width * height + i] =
          (float) (CONTRAST * detail.at(FaceView.SIDE / 2 - half - across, y));
    }
    return torch.tensor(seen).view(2, 1, height, width);
  }

  /** Whether both eyes look to the same side, as an {@link GazeNetwork} reads them. */
  public static final class GazeMeasure {
    // Eyes are found a few pixels off; the mean over some places is surer.
    private static final int[] ACROSS = {-2, 0, 2};
    private static final int[] DOWN = {-1, 1};

    private GazeMeasure() {}

    /** How far apart the irises lie in both eyes, in halves of an eye's width. */
    public static double apart(FaceView view) {
      try (TensorScope scope = TensorScope.open();
          NoGradGuard guard = new NoGradGuard()) {
        TensorVector seen = new TensorVector();
        for (int dy : DOWN) {
          for (int dx : ACROSS) {
            seen.push_back(GazeNetwork.seen(view, dx, dy));
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
