package dev.likeness.portrait.training;

import dev.likeness.diffusion.internal.tensor.TensorRegion;
import dev.likeness.diffusion.internal.tensor.TensorScope;
import dev.likeness.ipadapter.internal.vision.ImageProcessor;
import java.util.Arrays;
import java.util.function.IntConsumer;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorVector;
import org.bytedeco.pytorch.global.torch;
import org.bytedeco.pytorch.global.torch.ScalarType;

/** People's images as the image encoder is shown them (bf16), in memory. */
final class PeopleSeen implements AutoCloseable {
  private final TensorRegion region = new TensorRegion();
  private final Tensor pixels;

  /** The first {@code count} of {@code store}. */
  PeopleSeen(RenderStore store, int count, IntConsumer progress) {
    ImageProcessor processor = ImageProcessor.clip(Architecture.SEEN);
    try (TensorScope scope = TensorScope.open()) {
      TensorVector images = new TensorVector();
      for (int i = 0; i < count; i++) {
        try (TensorScope one = TensorScope.open()) {
          images.push_back(
              one.promote(processor.preprocess(store.image(i)).to(TrainingDevice.TYPE)));
        }
        progress.accept(i + 1);
      }
      pixels = region.keep(torch.cat(images, 0));
    }
  }

  int count() {
    return (int) pixels.size(0);
  }

  /** Images [n, 3, side, side], f32. */
  Tensor pixels(int... which) {
    return TrainingDevice.placed(pixels
        .index_select(0, torch.tensor(Arrays.stream(which).asLongStream().toArray()))
        .to(ScalarType.Float));
  }

  @Override
  public void close() {
    region.close();
  }
}
