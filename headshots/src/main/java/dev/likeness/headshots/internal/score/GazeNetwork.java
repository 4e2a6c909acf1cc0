package dev.likeness.headshots.internal.score;

import com.fasterxml.jackson.jr.ob.JSON;
import dev.likeness.diffusion.image.RgbImage;
import dev.likeness.diffusion.internal.nn.Conv2d;
import dev.likeness.diffusion.internal.nn.Linear;
import dev.likeness.diffusion.internal.nn.Parameters;
import dev.likeness.diffusion.internal.nn.Weights;
import dev.likeness.diffusion.internal.tensor.TensorRegion;
import dev.likeness.diffusion.internal.tensor.TensorScope;
import dev.likeness.photos.face.Face;
import java.io.IOException;
import java.io.InputStream;
import java.util.List;
import java.util.Map;
import java.util.zip.GZIPInputStream;
import org.bytedeco.pytorch.NoGradGuard;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorVector;
import org.bytedeco.pytorch.global.torch;

/**
 * Estimates the position of the iris in the image of an eye, relative to the eye's middle, in
 * halves of the eye's width. It has three convolutions and two linear layers, and was trained on
 * renders ({@code TrainGaze} of research/portrait-training).
 */
public final class GazeNetwork {
  /** Half the width of a patch in pixels, if the eyes are 50 pixels apart. */
  private static final int HALF_WIDTH = 26;

  private static final int HALF_HEIGHT = 14;
  // Larger structures are light, not eye.
  private static final int DETAIL_RADIUS = 7;
  private static final double CONTRAST = 4;
  // Detectors place the middle of an eye this many pixels too high.
  private static final int ROWS_BELOW_EYES = 2;
  // Cells that remain of 53 x 29 pixels after three halvings.
  private static final int OUTPUT_CELLS = 7 * 4;

  private final PatchNetwork network;

  /** Reads the network. */
  public GazeNetwork(Weights w) {
    network = new PatchNetwork(w, OUTPUT_CELLS, 1, 6, 12, 12);
  }

  /**
   * The positions of the irises, [n], positive to the right, for {@linkplain #patch patches} [n, 1,
   * 29, 53].
   */
  public Tensor forward(Tensor eyes) {
    return network.forward(eyes);
  }

  /**
   * The patches of both eyes of a face, [2, 1, 29, 53]: the detail of logarithmic brightness around
   * the image's right eye, and around the left eye, mirrored.
   *
   * @param face a face with eyes
   * @param dx shift to the right of each eye's middle, in fiftieths of the eyes' distance
   * @param dy shift below each eye's middle, in the same unit
   */
  public static Tensor patch(RgbImage image, Face face, int dx, int dy) {
    return patch(new FaceView(image, face), dx, dy);
  }

  static Tensor patch(FaceView view, int dx, int dy) {
    Plane detail = view.head.map(v -> Math.log(v + 6)).detail(DETAIL_RADIUS);
    int half = FaceView.EYE_DISTANCE / 2;
    int width = 2 * HALF_WIDTH + 1;
    int height = 2 * HALF_HEIGHT + 1;
    float[] patches = new float[2 * width * height];
    for (int i = 0; i < width * height; i++) {
      int across = i % width - HALF_WIDTH + dx;
      int y = FaceView.EYE_ROW + ROWS_BELOW_EYES + dy + i / width - HALF_HEIGHT;
      patches[i] = (float) (CONTRAST * detail.at(FaceView.SIDE / 2 + half + across, y));
      patches[width * height + i] =
          (float) (CONTRAST * detail.at(FaceView.SIDE / 2 - half - across, y));
    }
    return torch.tensor(patches).view(2, 1, height, width);
  }

  /** Measures whether both eyes look in the same direction, with a {@link GazeNetwork}. */
  public static final class GazeMeasure {
    // Detected eyes are off by a few pixels; a mean over shifts is more reliable.
    private static final int[] X_OFFSETS = {-2, 0, 2};
    private static final int[] Y_OFFSETS = {-1, 1};

    private GazeMeasure() {}

    /** The difference between the positions of the two irises, in halves of an eye's width. */
    public static double divergence(FaceView view) {
      try (TensorScope scope = TensorScope.open();
          NoGradGuard guard = new NoGradGuard()) {
        TensorVector patches = new TensorVector();
        for (int dy : Y_OFFSETS) {
          for (int dx : X_OFFSETS) {
            patches.push_back(GazeNetwork.patch(view, dx, dy));
          }
        }
        // The left eye is mirrored: if both eyes look in the same direction, the mean is 0.
        return Math.abs(2 * Holder.NETWORK.forward(torch.cat(patches, 0)).mean().item_float());
      }
    }

    private static final class Holder {
      private static final GazeNetwork NETWORK =
          new GazeNetwork(PatchNetwork.ScoreNumbers.of("gaze.json.gz"));
    }
  }

  /**
   * Computes one number from a patch of a face: three convolutions of stride 2 and two linear
   * layers.
   */
  static final class PatchNetwork {
    private final Conv2d first;
    private final Conv2d second;
    private final Conv2d third;
    private final Linear hidden;
    private final Linear out;

    /**
     * Reads the network.
     *
     * @param places cells that remain of a patch after three halvings
     * @param channels four numbers: channels of the patch and after each convolution; the hidden
     *     layer is as wide as the second convolution
     */
    PatchNetwork(Weights w, int places, int... channels) {
      first = new Conv2d(w.at("conv1"), channels[0], channels[1], 5, 2, 2);
      second = new Conv2d(w.at("conv2"), channels[1], channels[2], 3, 2, 1);
      third = new Conv2d(w.at("conv3"), channels[2], channels[3], 3, 2, 1);
      hidden = new Linear(w.at("hidden"), channels[3] * places, channels[2]);
      out = new Linear(w.at("out"), channels[2], 1);
    }

    /** The numbers, [n], for patches [n, colours, h, w]. */
    Tensor forward(Tensor patches) {
      Tensor x = torch.silu(first.forward(patches));
      x = torch.silu(third.forward(torch.silu(second.forward(x))));
      return out.forward(torch.silu(hidden.forward(x.flatten(1, -1)))).flatten(0, -1);
    }

    /**
     * Weights of a small network from a compressed JSON resource beside this class. They are never
     * released.
     */
    static final class ScoreNumbers implements Parameters {
      private final Map<String, Object> lists;
      private final TensorRegion region = new TensorRegion();

      private ScoreNumbers(Map<String, Object> lists) {
        this.lists = lists;
      }

      static Weights of(String file) {
        try (InputStream in = new GZIPInputStream(ScoreNumbers.class.getResourceAsStream(file))) {
          return Weights.of(new ScoreNumbers(JSON.std.mapFrom(in)));
        } catch (IOException e) {
          throw new IllegalStateException("the jar of Likeness is damaged; download it again", e);
        }
      }

      @Override
      public boolean has(String name) {
        return lists.containsKey(name);
      }

      @Override
      public Tensor get(String name, long... shape) {
        List<?> list = (List<?>) lists.get(name);
        float[] numbers = new float[list.size()];
        for (int i = 0; i < numbers.length; i++) {
          numbers[i] = ((Number) list.get(i)).floatValue();
        }
        try (TensorScope scope = TensorScope.open()) {
          return region.keep(torch.tensor(numbers).view(shape));
        }
      }
    }
  }
}
