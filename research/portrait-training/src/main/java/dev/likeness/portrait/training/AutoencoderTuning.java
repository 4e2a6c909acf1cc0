package dev.likeness.portrait.training;

import dev.likeness.diffusion.internal.file.Safetensors;
import dev.likeness.diffusion.internal.nn.Parameters;
import dev.likeness.diffusion.internal.nn.Weights;
import dev.likeness.diffusion.internal.tensor.ImageTensors;
import dev.likeness.diffusion.internal.tensor.NoiseSource;
import dev.likeness.diffusion.internal.tensor.TensorScope;
import dev.likeness.diffusion.internal.training.TrainableWeights;
import dev.likeness.diffusion.internal.vae.Autoencoder.LatentDistribution;
import dev.likeness.diffusion.internal.vae.AutoencoderConfig;
import dev.likeness.diffusion.internal.vae.AutoencoderKL;
import dev.likeness.headshots.internal.photo.CaptionerNetwork;
import java.nio.file.Path;
import java.util.Random;
import java.util.stream.IntStream;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorOptions;
import org.bytedeco.pytorch.global.torch;
import org.bytedeco.pytorch.global.torch.ScalarType;

/**
 * Trains a finished autoencoder further, encoder and decoder, on whole images: its latents are to
 * hold what is small (freckles, eyes, patterns), so what was made to draw them has to learn them
 * anew. To the errors of {@link AutoencoderTraining}, which count twice where heads are, come those
 * that {@link DecoderTraining} counts beside them.
 */
final class AutoencoderTuning {
  private static final int STRIDE = Architecture.PIXELS * Architecture.PIXELS * 3;
  private static final double GRAIN = 0.06;
  private static final double TEXTURE = 0.5;
  private static final double SEEN = 0.4;
  private static final long STRAY = 8;
  private static final Hyperparameters NUMBERS = new Hyperparameters(8e-4, 100, 0, 1, 0.998);

  private final RenderStore renders;
  private final int images;
  private final int batch;
  private final SeenError seen;
  private final AutoencoderConfig config;
  private final Path start;
  private final long seed;

  /**
   * Goes on from the autoencoder in {@code start}, whose latents {@code config} scales, with the
   * first {@code images} of {@code renders}, so many a step.
   */
  AutoencoderTuning(
      RenderStore renders,
      int images,
      int batch,
      SeenError seen,
      AutoencoderConfig config,
      Path start,
      long seed) {
    this.renders = renders;
    this.images = images;
    this.batch = batch;
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
    return TrainingLoop.from(start, Safetensors::open, "autoencoder", steps, NUMBERS, seed);
  }

  double step(TrainableWeights weights, long number) {
    Random random = StepRandom.choices(seed, number);
    try (TensorScope scope = TensorScope.open();
        NoiseSource noise = StepRandom.noise(seed, number)) {
      AutoencoderKL model = new AutoencoderKL(
          config, Weights.of(new Parameters.CastParameters(weights, TrainingDevice.TYPE)));
      Tensor right = images(random);
      LatentDistribution latents = model.encode(right.to(TrainingDevice.TYPE));
      Tensor mean = latents.mean().to(ScalarType.Float);
      Tensor logVariance = latents.logVariance().to(ScalarType.Float);
      Tensor eps =
          TrainingDevice.noise(noise, mean.size(0), mean.size(1), mean.size(2), mean.size(3));
      Tensor spread = logVariance
          .mul(new Scalar(0.5))
          .exp()
          .add(new Scalar(GRAIN * random.nextDouble() / config.latents().scalingFactor()));
      Tensor made = model
          .decodeUnscaled(mean.add(spread.mul(eps)).to(TrainingDevice.TYPE))
          .to(ScalarType.Float);
      Tensor loss = error(made, right, random).add(AutoencoderTraining.pull(mean, logVariance));
      loss.backward();
      return loss.item_float();
    }
  }

  /**
   * How far images [n, 3, side, side] are from what they should be, both in -1..1; shown to the
   * eyes a little astray, but both alike.
   */
  private Tensor error(Tensor made, Tensor right, Random random) {
    Tensor heads = AutoencoderTraining.error(
        CaptionerNetwork.cropHead(made), CaptionerNetwork.cropHead(right));
    Tensor lacking =
        DecoderTraining.detail(made).sub(DecoderTraining.detail(right)).abs().mean();
    long[] stray = {random.nextLong(-STRAY, STRAY + 1), random.nextLong(-STRAY, STRAY + 1)};
    Tensor told =
        seen.ofWhole(made.roll(stray, new long[] {2, 3}), right.roll(stray, new long[] {2, 3}));
    return AutoencoderTraining.error(made, right)
        .add(heads)
        .add(lacking.mul(new Scalar(TEXTURE)))
        .add(told.mul(new Scalar(SEEN)));
  }

  private Tensor images(Random random) {
    int[] chosen = random.ints(batch, 0, images).toArray();
    byte[] all = new byte[batch * STRIDE];
    IntStream.range(0, batch)
        .parallel()
        .forEach(i -> System.arraycopy(renders.image(chosen[i]).rgb(), 0, all, i * STRIDE, STRIDE));
    Tensor bytes = TrainingDevice.placed(torch.tensor(all, new TensorOptions(ScalarType.Byte)));
    return ImageTensors.toSigned(bytes.view(batch, Architecture.PIXELS, Architecture.PIXELS, 3));
  }
}
