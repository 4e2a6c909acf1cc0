package dev.likeness.portrait.training;

import dev.likeness.diffusion.image.RgbImage;
import dev.likeness.diffusion.internal.nn.Parameters;
import dev.likeness.diffusion.internal.nn.Weights;
import dev.likeness.diffusion.internal.tensor.ImageTensors;
import dev.likeness.diffusion.internal.tensor.NoiseSource;
import dev.likeness.diffusion.internal.tensor.TensorScope;
import dev.likeness.diffusion.internal.training.TrainableWeights;
import dev.likeness.diffusion.internal.vae.Autoencoder.LatentDistribution;
import dev.likeness.diffusion.internal.vae.AutoencoderConfig;
import dev.likeness.diffusion.internal.vae.AutoencoderKL;
import java.nio.file.Path;
import java.util.Random;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorVector;
import org.bytedeco.pytorch.global.torch;
import org.bytedeco.pytorch.global.torch.ScalarType;

/**
 * Trains the autoencoder on square crops of renders: absolute error of pixels, of differences
 * between neighbours (edges) and of means over blocks (colour, which group norms hide and edges
 * alone teach slowly), squared error, and a light pull of the latents towards a standard normal
 * (Kingma and Welling 2014, arXiv:1312.6114, appendix B).
 */
final class AutoencoderTraining {
  static final int CROP = 128;
  private static final int BATCH = 8;
  private static final int COLOUR_BLOCK = 8;
  private static final double PULL = 6e-4;
  private static final Hyperparameters NUMBERS = new Hyperparameters(1.5e-3, 50, 0, 0, 0.995);

  private final RenderStore renders;
  private final long seed;
  private final AutoencoderConfig config = Architecture.autoencoderConfig(1);

  AutoencoderTraining(RenderStore renders, long seed) {
    this.renders = renders;
    this.seed = seed;
  }

  /**
   * Trains to {@code steps}, going on from {@code file} where it is there; the state is saved as it
   * goes.
   */
  void run(Path file, int steps) {
    new TrainingLoop(
            "autoencoder",
            steps,
            NUMBERS,
            seed,
            noise -> new LinearStart(noise, config.latents().channels()),
            weights -> {})
        .run(file, this::step, (weights, step) -> {});
  }

  private double step(TrainableWeights weights, long step) {
    try (TensorScope scope = TensorScope.open();
        NoiseSource noise = StepRandom.noise(seed, step)) {
      AutoencoderKL model = new AutoencoderKL(
          config, Weights.of(new Parameters.CastParameters(weights, TrainingDevice.TYPE)));
      Tensor images = crops(StepRandom.choices(seed, step));
      LatentDistribution latents = model.encode(images.to(TrainingDevice.TYPE));
      Tensor mean = latents.mean().to(ScalarType.Float);
      Tensor logVariance = latents.logVariance().to(ScalarType.Float);
      Tensor eps =
          TrainingDevice.noise(noise, mean.size(0), mean.size(1), mean.size(2), mean.size(3));
      Tensor drawn = mean.add(logVariance.mul(new Scalar(0.5)).exp().mul(eps));
      Tensor decoded = model.decode(drawn.to(TrainingDevice.TYPE)).to(ScalarType.Float);
      Tensor loss = error(decoded, images).add(pull(mean, logVariance));
      loss.backward();
      return loss.item_float();
    }
  }

  /** Of latents towards a standard normal, f32 scalar. */
  static Tensor pull(Tensor mean, Tensor logVariance) {
    return mean.square().add(logVariance.exp()).sub(logVariance).mean().mul(new Scalar(PULL));
  }

  /** How far decoded images [n, 3, side, side] are from what they should be, both in -1..1. */
  static Tensor error(Tensor decoded, Tensor images) {
    long side = images.size(3);
    Tensor difference = decoded.sub(images);
    Tensor across = difference.narrow(3, 1, side - 1).sub(difference.narrow(3, 0, side - 1));
    Tensor down = difference.narrow(2, 1, side - 1).sub(difference.narrow(2, 0, side - 1));
    Tensor edges = across.abs().mean().add(down.abs().mean()).mul(new Scalar(0.5));
    Tensor colour = torch
        .adaptive_avg_pool2d(difference, side / COLOUR_BLOCK, side / COLOUR_BLOCK)
        .abs()
        .mean();
    return difference
        .abs()
        .mean()
        .add(difference.square().mean().mul(new Scalar(4.0)))
        .add(edges)
        .add(colour);
  }

  private Tensor crops(Random random) {
    TensorVector batch = new TensorVector();
    for (int i = 0; i < BATCH; i++) {
      RgbImage image = renders.image(random.nextInt(renders.size()));
      int x = random.nextInt(Architecture.PIXELS - CROP + 1);
      int y = random.nextInt(Architecture.PIXELS - CROP + 1);
      batch.push_back(ImageTensors.toSigned(image.crop(x, y, CROP, CROP)));
    }
    return TrainingDevice.placed(torch.cat(batch, 0));
  }
}
