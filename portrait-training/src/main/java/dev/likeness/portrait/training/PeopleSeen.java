package dev.likeness.portrait.training;

import dev.likeness.diffusion.adapt.Adaptation;
import dev.likeness.diffusion.model.StableDiffusion;
import dev.likeness.diffusion.tensor.TensorRegion;
import dev.likeness.diffusion.tensor.TensorScope;
import dev.likeness.ipadapter.vision.ImageProcessor;
import java.util.List;
import java.util.function.IntConsumer;
import org.bytedeco.pytorch.NoGradGuard;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorVector;
import org.bytedeco.pytorch.global.torch;
import org.bytedeco.pytorch.global.torch.ScalarType;

/**
 * People's heads as the image encoder is shown them (bf16), and their captions as the model's text encoder sums them up,
 * in memory.
 */
final class PeopleSeen implements AutoCloseable {
  private final TensorRegion region = new TensorRegion();
  private final Tensor pixels;
  private final Tensor captions;

  PeopleSeen(RenderStore store, PeopleRenders renders, int people, StableDiffusion model, IntConsumer progress) {
    ImageProcessor processor = ImageProcessor.clip(Architecture.SEEN);
    try (TensorScope scope = TensorScope.open(); NoGradGuard guard = new NoGradGuard()) {
      TensorVector pictures = new TensorVector();
      TensorVector texts = new TensorVector();
      for (int i = 0; i < people * PeopleRenders.SHOTS; i++) {
        pictures.push_back(processor.pixels(renders.head(store.picture(i), i)).to(Working.TYPE));
        try (TensorScope one = TensorScope.open()) {
          texts.push_back(one.promote(model.towers().get(0).prompts(Adaptation.NONE).encode(List.of(renders.caption(i)), 0)
              .pooled().cpu().to(ScalarType.Float)));
        }
        progress.accept(i + 1);
      }
      pixels = region.keep(torch.cat(pictures, 0));
      Tensor all = torch.cat(texts, 0);
      // What all captions share says nothing of one.
      captions = region.keep(all.sub(all.mean(0)).div(all.std()));
    }
  }

  int people() {
    return (int) pixels.size(0) / PeopleRenders.SHOTS;
  }

  /** Pictures [n, 3, side, side], f32. */
  Tensor pixels(long... which) {
    return Working.placed(pixels.index_select(0, torch.tensor(which)).to(ScalarType.Float));
  }

  /** Their captions [n, width], f32, of mean 0. */
  Tensor captions(long... which) {
    return Working.placed(captions.index_select(0, torch.tensor(which)));
  }

  @Override
  public void close() {
    region.close();
  }
}
