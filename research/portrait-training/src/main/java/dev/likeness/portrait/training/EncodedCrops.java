package dev.likeness.portrait.training;

import dev.likeness.diffusion.image.RgbImage;
import dev.likeness.diffusion.internal.tensor.ImageTensors;
import dev.likeness.diffusion.internal.tensor.TensorRegion;
import dev.likeness.diffusion.internal.tensor.TensorScope;
import dev.likeness.diffusion.internal.vae.Autoencoder;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.function.IntConsumer;
import java.util.function.IntFunction;
import org.bytedeco.pytorch.NoGradGuard;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorVector;
import org.bytedeco.pytorch.global.torch;
import org.bytedeco.pytorch.global.torch.ScalarType;

/** Renders beside their latents, drawn from as square crops. */
final class EncodedCrops implements AutoCloseable {
  /**
   * Crops, [n, 3, CROP, CROP] in -1..1, and what was made of them, [n, c, CROP / 8, CROP / 8], both
   * f32.
   */
  record Batch(Tensor images, Tensor latents) {}

  private static final int CROP = AutoencoderTraining.CROP;
  private static final int FACTOR = Architecture.PIXELS / Architecture.LATENT;
  private static final int PLACES = (Architecture.PIXELS - CROP) / FACTOR + 1;

  private final RenderStore store;
  private final TensorRegion region = new TensorRegion();
  private final List<Tensor> latents = new ArrayList<>();

  /** Encodes the first {@code count} images of {@code store} by {@code autoencoder}. */
  EncodedCrops(RenderStore store, int count, Autoencoder autoencoder, IntConsumer progress) {
    this(
        store,
        count,
        i -> autoencoder.encode(ImageTensors.toSigned(store.image(i))).mode(),
        progress);
  }

  /**
   * Of the first {@code count} images of {@code store}, {@code encoded} gives the latents [1, c, h,
   * w] of each by its number.
   */
  EncodedCrops(RenderStore store, int count, IntFunction<Tensor> encoded, IntConsumer progress) {
    this.store = store;
    for (int i = 0; i < count; i++) {
      try (TensorScope scope = TensorScope.open();
          NoGradGuard guard = new NoGradGuard()) {
        latents.add(region.keep(encoded.apply(i).to(ScalarType.Half).cpu()));
      }
      progress.accept(i + 1);
    }
  }

  /** So many, of any images and places. */
  Batch draw(Random random, int count) {
    TensorVector seen = new TensorVector();
    TensorVector known = new TensorVector();
    for (int i = 0; i < count; i++) {
      int image = random.nextInt(latents.size());
      int x = random.nextInt(PLACES);
      int y = random.nextInt(PLACES);
      known.push_back(latents.get(image).narrow(2, y, CROP / FACTOR).narrow(3, x, CROP / FACTOR));
      RgbImage crop = store.image(image).crop(x * FACTOR, y * FACTOR, CROP, CROP);
      seen.push_back(ImageTensors.toSigned(crop));
    }
    return new Batch(
        TrainingDevice.placed(torch.cat(seen, 0)),
        TrainingDevice.placed(torch.cat(known, 0).to(ScalarType.Float)));
  }

  @Override
  public void close() {
    region.close();
  }
}
