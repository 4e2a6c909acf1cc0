package dev.likeness.portrait.training;

import dev.likeness.diffusion.tensor.Images;
import dev.likeness.diffusion.tensor.TensorRegion;
import dev.likeness.diffusion.tensor.TensorScope;
import dev.likeness.diffusion.training.CastParameters;
import dev.likeness.diffusion.training.TrainableWeights;
import dev.likeness.diffusion.vae.Autoencoder;
import dev.likeness.diffusion.vae.AutoencoderTiny;
import dev.likeness.diffusion.weights.Weights;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.function.IntConsumer;
import org.bytedeco.pytorch.NoGradGuard;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorVector;
import org.bytedeco.pytorch.global.torch;
import org.bytedeco.pytorch.global.torch.ScalarType;

/**
 * Trains the small autoencoder of previews on crops: its decoder on what the model's own autoencoder makes of pictures, its
 * encoder to find those latents.
 */
final class PreviewTraining implements AutoCloseable {
  private static final int CROP = AutoencoderTraining.CROP;
  private static final int FACTOR = Architecture.PIXELS / Architecture.LATENT;
  private static final int BATCH = 8;
  private static final Hyperparameters NUMBERS = new Hyperparameters(2e-3, 50, 0.01, 1, 0.995);

  private final RenderStore store;
  private final long seed;
  private final TensorRegion region = new TensorRegion();
  private final List<Tensor> latents = new ArrayList<>();

  /** Encodes the first {@code count} pictures of {@code store}. */
  PreviewTraining(RenderStore store, int count, Autoencoder autoencoder, long seed, IntConsumer progress) {
    this.store = store;
    this.seed = seed;
    for (int i = 0; i < count; i++) {
      try (TensorScope scope = TensorScope.open(); NoGradGuard guard = new NoGradGuard()) {
        latents.add(region.keep(autoencoder.encode(Images.toSigned(store.picture(i))).mode().to(ScalarType.Half)));
      }
      progress.accept(i + 1);
    }
  }

  /** Trains to {@code steps}, going on from {@code state} where it is there. */
  void run(Path state, int steps) {
    loop(steps).run(state, this::step, (weights, step) -> { });
  }

  TrainingLoop loop(int steps) {
    return new TrainingLoop("preview", steps, NUMBERS, seed, name -> name.endsWith("conv.4.weight"));
  }

  double step(TrainableWeights weights, long number) {
    Random random = new Random(seed * 31 + number);
    try (TensorScope scope = TensorScope.open()) {
      TensorVector seen = new TensorVector();
      TensorVector known = new TensorVector();
      for (int i = 0; i < BATCH; i++) {
        int picture = random.nextInt(latents.size());
        int x = random.nextInt((Architecture.PIXELS - CROP) / FACTOR + 1);
        int y = random.nextInt((Architecture.PIXELS - CROP) / FACTOR + 1);
        known.push_back(latents.get(picture).narrow(2, y, CROP / FACTOR).narrow(3, x, CROP / FACTOR));
        seen.push_back(Images.toSigned(store.picture(picture).crop(x * FACTOR, y * FACTOR, CROP, CROP)));
      }
      Tensor pictures = torch.cat(seen, 0);
      Tensor codes = torch.cat(known, 0).to(ScalarType.Float);
      AutoencoderTiny tiny = new AutoencoderTiny(Architecture.previewConfig(),
          Weights.of(new CastParameters(weights, Working.TYPE)));
      Tensor decoded = tiny.decode(codes.to(Working.TYPE)).to(ScalarType.Float);
      Tensor found = tiny.encode(pictures.to(Working.TYPE)).mode().to(ScalarType.Float);
      Tensor loss = AutoencoderTraining.error(decoded, pictures).add(found.sub(codes).square().mean());
      loss.backward();
      return loss.item_float();
    }
  }

  @Override
  public void close() {
    region.close();
  }
}
