package dev.likeness.lora;

import dev.likeness.diffusion.adapt.Part;
import dev.likeness.diffusion.tensor.TensorRegion;
import dev.likeness.diffusion.tensor.TensorScope;
import dev.likeness.diffusion.text.TextEncoding;
import java.util.Arrays;
import java.util.List;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.bytedeco.pytorch.NoGradGuard;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorVector;
import org.bytedeco.pytorch.global.torch;

/**
 * What the network is told for each caption: encoded once by the text encoders that stay as they are, every step by those
 * that learn. T5, the largest by far, mostly stays where CLIP learns.
 */
final class CaptionEncodings {
  private final Pupil pupil;
  private final List<String> captions;
  private final Learner learner;
  private final TextEncoding fixed;
  /** By T5; null where there is none, it learns, or all is fixed. */
  private final Tensor byT5;

  CaptionEncodings(Pupil pupil, List<String> captions, Learner learner, TensorRegion region) {
    this.pupil = pupil;
    this.captions = captions;
    this.learner = learner;
    boolean learns = Stream.of(Part.values()).anyMatch(part -> part != pupil.part() && learner.learns(part));
    try (TensorScope scope = TensorScope.open(); NoGradGuard guard = new NoGradGuard()) {
      Tensor still = pupil.longText().filter(t5 -> !t5.learns(learner)).map(t5 -> t5.read(captions, learner)).orElse(null);
      fixed = learns ? null : kept(pupil.encode(captions, still, learner), region);
      byT5 = learns && still != null ? region.keep(still) : null;
    }
  }

  private static TextEncoding kept(TextEncoding once, TensorRegion region) {
    return new TextEncoding(region.keep(once.tokens()), once.pooled() == null ? null : region.keep(once.pooled()));
  }

  int count() {
    return captions.size();
  }

  /** Tokens and pooled text of the captions with these places; gradients flow through where the encoders learn. */
  TextEncoding of(int[] places) {
    if (fixed != null) {
      return rows(fixed, places);
    }
    int[] distinct = IntStream.of(places).sorted().distinct().toArray();
    List<String> texts = IntStream.of(distinct).mapToObj(captions::get).toList();
    Tensor read = byT5 != null ? rows(byT5, distinct) : pupil.longText().map(t5 -> t5.read(texts, learner)).orElse(null);
    TextEncoding encoded = pupil.encode(texts, read, learner);
    return rows(encoded, IntStream.of(places).map(i -> Arrays.binarySearch(distinct, i)).toArray());
  }

  private static TextEncoding rows(TextEncoding all, int[] places) {
    return new TextEncoding(rows(all.tokens(), places), all.pooled() == null ? null : rows(all.pooled(), places));
  }

  private static Tensor rows(Tensor encoded, int[] places) {
    TensorVector rows = new TensorVector();
    for (int place : places) {
      rows.push_back(encoded.narrow(0, place, 1));
    }
    return torch.cat(rows, 0);
  }
}
