package dev.likeness.portrait.training;

import dev.likeness.diffusion.internal.file.Safetensors;
import dev.likeness.diffusion.internal.memory.LoadedWeights;
import dev.likeness.diffusion.internal.nn.Activation;
import dev.likeness.diffusion.internal.nn.Conv2d;
import dev.likeness.diffusion.internal.nn.Linear;
import dev.likeness.diffusion.internal.nn.ResnetBlock;
import dev.likeness.diffusion.internal.nn.Weights;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;
import org.bytedeco.pytorch.global.torch.ScalarType;

/**
 * Tells from latents, sharp ones or a drawing model's guesses, what an embedder of faces would see
 * in the image, and the {@link PersonTraits}: a small residual network on the face, aligned by eyes
 * and mouth, at whose end every place has weights of its own. An adapter that is taught by it
 * learns who somebody is rather than how an image looks.
 */
final class LatentEye implements AutoCloseable {
  /** Where a work folder has it. */
  static final String STATE = "latent-eye.safetensors";

  private static final String AVERAGE = "ema";
  /** Half a side of what is looked at, in distances from the eyes to the mouth. */
  private static final float REACH = 1.7f;

  private static final int SIDE = 16;
  private static final int[] CHANNELS = {64, 128, 192};
  private static final int[] BLOCKS = {1, 2, 2};
  private static final int KEPT = 32;
  private static final int FEATURES = 256;
  private static final int GROUPS = 8;
  private static final double NORM_EPS = 1e-5;
  private static final int BILINEAR = 0;
  private static final int BORDER = 1;

  private final Conv2d in;
  private final List<List<ResnetBlock>> levels = new ArrayList<>();
  private final List<Conv2d> down = new ArrayList<>();
  private final Conv2d keep;
  private final Linear features;
  private final Linear out;
  private final LoadedWeights own;

  /** Reads the network; {@code numbers} is how many it tells. Who gave the weights closes them. */
  LatentEye(Weights w, int numbers) {
    this(w, numbers, null);
  }

  private LatentEye(Weights w, int numbers, LoadedWeights own) {
    this.own = own;
    in = new Conv2d(w.at("conv_in"), Architecture.LATENT_CHANNELS, CHANNELS[0], 3);
    for (int i = 0; i < CHANNELS.length; i++) {
      List<ResnetBlock> blocks = new ArrayList<>();
      for (int k = 0; k < BLOCKS[i]; k++) {
        blocks.add(new ResnetBlock(
            w.at("levels").at(i).at(k),
            CHANNELS[i],
            CHANNELS[i],
            0,
            GROUPS,
            NORM_EPS,
            Activation.SILU,
            1));
      }
      levels.add(blocks);
      if (i + 1 < CHANNELS.length) {
        down.add(new Conv2d(w.at("down").at(i), CHANNELS[i], CHANNELS[i + 1], 3, 2, 1));
      }
    }
    int side = SIDE >> (CHANNELS.length - 1);
    keep = new Conv2d(w.at("conv_out"), CHANNELS[CHANNELS.length - 1], KEPT, 1);
    features = new Linear(w.at("proj"), (long) KEPT * side * side, FEATURES);
    out = new Linear(w.at("told"), FEATURES, numbers);
  }

  /** The slow average of a {@link LatentEyeTraining}'s state. */
  static LatentEye open(Path state) {
    Safetensors file = Safetensors.open(state);
    LoadedWeights weights = new LoadedWeights(file, TrainingDevice.COMPUTE);
    return new LatentEye(
        Weights.of(weights).at(AVERAGE), (int) file.shape(AVERAGE + ".told.weight")[0], weights);
  }

  /**
   * Where the face is, as the affine map that {@code grid_sample} takes, [2, 3] by rows.
   *
   * @param landmarks eyes, nose, corners of the mouth: x and y in pixels of a whole image
   */
  static float[] place(float[] landmarks) {
    float half = Architecture.PIXELS / 2f;
    float eyesX = (landmarks[0] + landmarks[2]) / 2;
    float eyesY = (landmarks[1] + landmarks[3]) / 2;
    float downX = (landmarks[6] + landmarks[8]) / 2 - eyesX;
    float downY = (landmarks[7] + landmarks[9]) / 2 - eyesY;
    float x = REACH * downX / half;
    float y = REACH * downY / half;
    return new float[] {y, x, (eyesX + downX / 2) / half - 1, -x, y, (eyesY + downY / 2) / half - 1
    };
  }

  /**
   * What is told of latents [n, 8, 32, 32], f32, of unit spread with faces at {@code places} [n, 2,
   * 3]: [n, numbers], f32.
   */
  Tensor forward(Tensor latents, Tensor places) {
    long[] size = {latents.size(0), Architecture.LATENT_CHANNELS, SIDE, SIDE};
    Tensor face = torch.grid_sampler(
        latents, torch.affine_grid_generator(places, size, false), BILINEAR, BORDER, false);
    Tensor x = in.forward(face.to(TrainingDevice.TYPE));
    for (int i = 0; i < levels.size(); i++) {
      for (ResnetBlock block : levels.get(i)) {
        x = block.forward(x, null);
      }
      if (i < down.size()) {
        x = torch.silu(down.get(i).forward(x));
      }
    }
    return out.forward(torch.silu(features.forward(keep.forward(x).flatten(1, -1))))
        .to(ScalarType.Float);
  }

  @Override
  public void close() {
    if (own != null) {
      own.close();
    }
  }
}
