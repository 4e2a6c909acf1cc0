package dev.likeness.portrait.training;

import dev.likeness.diffusion.internal.file.Safetensors;
import dev.likeness.diffusion.internal.nn.Parameters;
import dev.likeness.diffusion.internal.nn.Weights;
import dev.likeness.diffusion.internal.tensor.NoiseSource;
import dev.likeness.diffusion.internal.training.TrainableWeights;
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
 * Trains the decoder of a finished autoencoder further, on crops and their latents
 * ({@link DrawnLatents}): what it decodes is to get sharper, and nothing that goes by the latents
 * has to learn anew. Latents are a little grainy, as a network draws them. Beside the errors of
 * {@link AutoencoderTraining} counts what a {@link SeenError} sees, and how much detail there is
 * around each place, which blur has too little of wherever its dots and hairs lie (matched
 * statistics of texture: Gatys et al. 2015, arXiv:1505.07376).
 */
final class DecoderTraining {
  private static final int SHARES = 2;
  private static final int SHARE = 8;
  private static final double GRAIN = 0.08;
  private static final double TEXTURE = 0.5;
  private static final double SEEN = 0.2;
  private static final int AROUND = 8;
  private static final Hyperparameters NUMBERS = new Hyperparameters(6e-4, 50, 0, 1, 0.995);

  private final EncodedCrops crops;
  private final SeenError seen;
  private final AutoencoderConfig config;
  private final Path start;
  private final long seed;

  /** Goes on from the autoencoder in {@code start}, whose latents {@code config} scales. */
  DecoderTraining(
      EncodedCrops crops, SeenError seen, AutoencoderConfig config, Path start, long seed) {
    this.crops = crops;
    this.seen = seen;
    this.config = config;
    this.start = start;
    this.seed = seed;
  }

  /** Trains to {@code steps}, going on from {@code state} where it is there. */
  void run(Path state, int steps) {
    loop(steps).run(state, this::step, (weights, step) -> {});
  }

  TrainingLoop loop(int steps) {
    return TrainingLoop.from(start, Safetensors::open, "decoder", steps, NUMBERS, seed);
  }

  double step(TrainableWeights weights, long number) {
    return GradientShares.backward(
        weights, SHARES, (own, share) -> loss(own, number * SHARES + share));
  }

  /**
   * Of the crops that share {@code number} of all draws; the encoder gets no gradients and stays.
   */
  private Tensor loss(Parameters weights, long number) {
    Random random = StepRandom.choices(seed, number);
    try (NoiseSource noise = StepRandom.noise(seed, number)) {
      EncodedCrops.Batch batch = crops.draw(random, SHARE);
      Tensor latents = batch.latents();
      Tensor grain =
          TrainingDevice.noise(noise, SHARE, latents.size(1), latents.size(2), latents.size(3));
      Tensor shown = latents.add(grain.mul(new Scalar(GRAIN * random.nextDouble())));
      AutoencoderKL model = new AutoencoderKL(
          config, Weights.of(new Parameters.CastParameters(weights, TrainingDevice.TYPE)));
      Tensor decoded = model.decode(shown.to(TrainingDevice.TYPE)).to(ScalarType.Float);
      Tensor lacking = detail(decoded).sub(detail(batch.images())).abs().mean();
      return AutoencoderTraining.error(decoded, batch.images())
          .add(lacking.mul(new Scalar(TEXTURE)))
          .add(seen.of(decoded, batch.images()).mul(new Scalar(SEEN)));
    }
  }

  /** How much neighbours differ, on average over blocks: [n, 2 * 3, h / 8, w / 8]. */
  static Tensor detail(Tensor images) {
    long side = images.size(3) - 1;
    Tensor square = images.narrow(2, 0, side).narrow(3, 0, side);
    Tensor across = images.narrow(2, 0, side).narrow(3, 1, side).sub(square).abs();
    Tensor down = images.narrow(2, 1, side).narrow(3, 0, side).sub(square).abs();
    long blocks = (side + 1) / AROUND;
    return torch.adaptive_avg_pool2d(torch.cat(new TensorVector(across, down), 1), blocks, blocks);
  }
}
