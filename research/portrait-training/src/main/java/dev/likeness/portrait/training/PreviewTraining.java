package dev.likeness.portrait.training;

import dev.likeness.diffusion.internal.nn.Parameters;
import dev.likeness.diffusion.internal.nn.Weights;
import dev.likeness.diffusion.internal.tensor.TensorScope;
import dev.likeness.diffusion.internal.training.TrainableWeights;
import dev.likeness.diffusion.internal.vae.AutoencoderTiny;
import java.nio.file.Path;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch.ScalarType;

/**
 * Trains the small autoencoder of previews on crops: its decoder on what the model's own
 * autoencoder makes of images, its encoder to find those latents.
 */
final class PreviewTraining {
  private static final int BATCH = 8;
  private static final Hyperparameters NUMBERS = new Hyperparameters(2e-3, 50, 0.01, 1, 0.995);

  private final EncodedCrops crops;
  private final long seed;

  PreviewTraining(EncodedCrops crops, long seed) {
    this.crops = crops;
    this.seed = seed;
  }

  /** Trains to {@code steps}, going on from {@code state} where it is there. */
  void run(Path state, int steps) {
    loop(steps).run(state, this::step, (weights, step) -> {});
  }

  TrainingLoop loop(int steps) {
    return new TrainingLoop(
        "preview", steps, NUMBERS, seed, name -> name.endsWith("conv.4.weight"));
  }

  double step(TrainableWeights weights, long number) {
    try (TensorScope scope = TensorScope.open()) {
      EncodedCrops.Batch batch = crops.draw(StepRandom.choices(seed, number), BATCH);
      Tensor codes = batch.latents();
      AutoencoderTiny tiny = new AutoencoderTiny(
          Architecture.previewConfig(),
          Weights.of(new Parameters.CastParameters(weights, TrainingDevice.TYPE)));
      Tensor decoded = tiny.decode(codes.to(TrainingDevice.TYPE)).to(ScalarType.Float);
      Tensor found =
          tiny.encode(batch.images().to(TrainingDevice.TYPE)).mode().to(ScalarType.Float);
      Tensor loss = AutoencoderTraining.error(decoded, batch.images())
          .add(found.sub(codes).square().mean());
      loss.backward();
      return loss.item_float();
    }
  }
}
