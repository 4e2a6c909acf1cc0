package dev.likeness.portrait.training;

import dev.likeness.diffusion.internal.file.Safetensors;
import dev.likeness.diffusion.internal.tensor.TensorRegion;
import dev.likeness.diffusion.internal.tensor.TensorScope;
import java.nio.file.Path;
import java.util.List;
import java.util.OptionalDouble;
import java.util.Random;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorVector;
import org.bytedeco.pytorch.global.torch;
import org.bytedeco.pytorch.global.torch.ScalarType;

/** Latents and captions of many images in memory, drawn from at random. */
final class LatentSet implements AutoCloseable {
  /**
   * Some images, their latents, f32 and scaled, one caption's token ids of each (int64), what
   * counts how much.
   */
  record Batch(int[] images, Tensor latents, Tensor tokens, Tensor focus) {}

  private final TensorRegion region = new TensorRegion();
  private final Tensor latents;
  private final Tensor tokens;
  private final Tensor focus;
  private final Tensor empty;
  private final double scale;

  /**
   * Reads the files that {@link LatentStore} wrote; {@code empty} is the empty caption. Latents are
   * multiplied by the factor that is {@code known}, or else by the one that gives them unit spread.
   */
  LatentSet(List<Path> files, int[] empty, OptionalDouble known) {
    try (TensorScope scope = TensorScope.open()) {
      TensorVector all = new TensorVector();
      TensorVector captions = new TensorVector();
      TensorVector weights = new TensorVector();
      for (Path file : files) {
        try (Safetensors part = Safetensors.open(file)) {
          all.push_back(part.read("latents"));
          captions.push_back(part.read("tokens"));
          weights.push_back(part.read("focus"));
        }
      }
      latents = region.keep(TrainingDevice.placed(torch.cat(all, 0)));
      tokens = region.keep(TrainingDevice.placed(torch.cat(captions, 0)));
      focus = region.keep(TrainingDevice.placed(torch.cat(weights, 0)));
      this.empty = region.keep(
          TrainingDevice.placed(torch.tensor(empty).to(ScalarType.Long)).view(1, -1));
      scale = known.orElseGet(() -> 1
          / latents
              .narrow(0, 0, Math.min(1000, latents.size(0)))
              .to(ScalarType.Float)
              .std()
              .item_double());
    }
  }

  /** What the autoencoder's latents are multiplied by. */
  double scale() {
    return scale;
  }

  long size() {
    return latents.size(0);
  }

  /** Of these images, f32 and scaled. */
  Tensor latents(int[] images) {
    return latents
        .index_select(0, TrainingDevice.placed(images))
        .to(ScalarType.Float)
        .mul(new Scalar(scale));
  }

  /** Captions of each image. */
  int captions() {
    return (int) tokens.size(1);
  }

  /** The ids of one of an image's captions, [1, 77]. */
  Tensor caption(int image, int which) {
    return tokens.select(0, image).narrow(0, which, 1).to(ScalarType.Long);
  }

  /** The ids of the empty caption, [1, 77]. */
  Tensor emptyCaption() {
    return empty;
  }

  /** Draws {@code count} images; {@code bare} of them, on average, lose their caption. */
  Batch draw(Random random, int count, double bare) {
    TensorVector images = new TensorVector();
    TensorVector ids = new TensorVector();
    TensorVector weights = new TensorVector();
    int[] drawn = new int[count];
    for (int i = 0; i < count; i++) {
      int index = random.nextInt((int) size());
      drawn[i] = index;
      int caption = random.nextInt(captions());
      images.push_back(latents.narrow(0, index, 1));
      weights.push_back(focus.narrow(0, index, 1));
      boolean silent = random.nextDouble() < bare;
      ids.push_back(silent ? empty : caption(index, caption));
    }
    Tensor x = torch.cat(images, 0).to(ScalarType.Float).mul(new Scalar(scale));
    return new Batch(drawn, x, torch.cat(ids, 0), torch.cat(weights, 0).to(ScalarType.Float));
  }

  @Override
  public void close() {
    region.close();
  }
}
