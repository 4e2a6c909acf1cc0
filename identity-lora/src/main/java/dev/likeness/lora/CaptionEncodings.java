package dev.likeness.lora;

import dev.likeness.diffusion.adapt.Adaptation;
import dev.likeness.diffusion.adapt.Part;
import dev.likeness.diffusion.model.StableDiffusion;
import dev.likeness.diffusion.tensor.TensorRegion;
import dev.likeness.diffusion.tensor.TensorScope;
import dev.likeness.diffusion.text.PromptEncoder;
import java.util.Arrays;
import java.util.List;
import java.util.stream.IntStream;
import org.bytedeco.pytorch.NoGradGuard;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorVector;
import org.bytedeco.pytorch.global.torch;

/** What the UNet attends to for each caption: encoded once where the text encoder stays as it is, else every step. */
final class CaptionEncodings {
  private final PromptEncoder encoder;
  private final List<String> captions;
  private final Tensor fixed;

  CaptionEncodings(StableDiffusion model, List<String> captions, TrainableFactors factors, boolean learns,
      TensorRegion region) {
    Adaptation adaptation = learns ? factors.adaptation(Part.TEXT_ENCODER) : Adaptation.NONE;
    encoder = new PromptEncoder(model.tokenizer(), model.textEncoder(adaptation), model.compute());
    this.captions = captions;
    fixed = learns ? null : encodedOnce(region);
  }

  int count() {
    return captions.size();
  }

  /** Tokens [batch, tokens, width] of the captions with these indices; gradients flow through where they learn. */
  Tensor tokens(int[] indices) {
    if (fixed != null) {
      return torch.cat(rows(fixed, indices), 0);
    }
    int[] distinct = IntStream.of(indices).sorted().distinct().toArray();
    Tensor encoded = encoder.encode(IntStream.of(distinct).mapToObj(captions::get).toList()).tokens();
    return torch.cat(rows(encoded, IntStream.of(indices).map(i -> Arrays.binarySearch(distinct, i)).toArray()), 0);
  }

  private static TensorVector rows(Tensor encoded, int[] indices) {
    TensorVector rows = new TensorVector();
    for (int index : indices) {
      rows.push_back(encoded.narrow(0, index, 1));
    }
    return rows;
  }

  private Tensor encodedOnce(TensorRegion region) {
    try (TensorScope scope = TensorScope.open(); NoGradGuard guard = new NoGradGuard()) {
      return region.keep(encoder.encode(captions).tokens());
    }
  }
}
