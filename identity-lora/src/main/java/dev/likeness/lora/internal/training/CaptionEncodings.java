package dev.likeness.lora.internal.training;

import dev.likeness.diffusion.internal.adapter.ModelComponent;
import dev.likeness.diffusion.internal.family.TrainingTarget;
import dev.likeness.diffusion.internal.tensor.TensorRegion;
import dev.likeness.diffusion.internal.tensor.TensorScope;
import dev.likeness.diffusion.internal.text.TextEncoding;
import dev.likeness.diffusion.request.Cancellation;
import dev.likeness.lora.training.LoraTraining;
import dev.likeness.lora.training.TrainingSet;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.function.Function;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.bytedeco.pytorch.NoGradGuard;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorVector;
import org.bytedeco.pytorch.global.torch;

/**
 * The conditioning of each caption. Frozen text encoders encode it once, trained ones at every
 * step. T5, by far the largest, mostly stays frozen while CLIP is trained.
 */
public final class CaptionEncodings {
  /**
   * Captions read at once: T5's scores of one take 34 MB in bf16, and a streamed encoder is brought
   * in for each reading.
   */
  private static final int TOGETHER = 4;

  private final TrainingTarget target;
  private final List<String> captions;
  private final int[] places;
  private final TrainableNetworks learner;
  private final boolean trainsTextEncoder;
  /** All of each caption, or where an encoder learns what T5 reads, if that does not. */
  private final List<TextEncoding> known = new ArrayList<>();

  public CaptionEncodings(
      TrainingTarget model,
      List<String> captions,
      TrainableNetworks learner,
      TensorRegion region,
      Cancellation stop) {
    this.target = model;
    this.captions = captions.stream().distinct().toList();
    this.learner = learner;
    places = captions.stream().mapToInt(this.captions::indexOf).toArray();
    trainsTextEncoder = Stream.of(ModelComponent.values())
        .anyMatch(part -> part != model.component() && learner.isTrained(part));
    for (int from = 0; from < this.captions.size(); from += TOGETHER) {
      stop.throwIfCancelled();
      read(this.captions.subList(from, Math.min(from + TOGETHER, this.captions.size())), region);
    }
  }

  private void read(List<String> texts, TensorRegion region) {
    try (TensorScope scope = TensorScope.open();
        NoGradGuard guard = new NoGradGuard()) {
      Tensor byT5 = target
          .longText()
          .filter(t5 -> !t5.isTrained(learner))
          .map(t5 -> t5.encode(texts, learner))
          .orElse(null);
      TextEncoding read = !trainsTextEncoder
          ? target.encode(texts, byT5, learner)
          : byT5 == null ? null : new TextEncoding(byT5, null);
      for (int i = 0; read != null && i < texts.size(); i++) {
        known.add(new TextEncoding(
            own(read.tokens(), i, region),
            read.pooled() == null ? null : own(read.pooled(), i, region)));
      }
    }
  }

  private static Tensor own(Tensor rows, int row, TensorRegion region) {
    return region.keep(rows.narrow(0, row, 1).clone());
  }

  int count() {
    return places.length;
  }

  /**
   * Tokens and pooled text of the captions with these places; gradients flow through where the
   * encoders learn.
   */
  TextEncoding of(int[] asked) {
    int[] mine = IntStream.of(asked).map(place -> places[place]).toArray();
    if (!trainsTextEncoder) {
      return new TextEncoding(
          rows(known, mine, TextEncoding::tokens),
          known.get(0).pooled() == null ? null : rows(known, mine, TextEncoding::pooled));
    }
    int[] distinct = IntStream.of(mine).sorted().distinct().toArray();
    List<String> texts = IntStream.of(distinct).mapToObj(captions::get).toList();
    Tensor read = known.isEmpty()
        ? target.longText().map(t5 -> t5.encode(texts, learner)).orElse(null)
        : rows(known, distinct, TextEncoding::tokens);
    TextEncoding encoded = target.encode(texts, read, learner);
    int[] rows = IntStream.of(mine).map(i -> Arrays.binarySearch(distinct, i)).toArray();
    return new TextEncoding(
        rows(encoded.tokens(), rows),
        encoded.pooled() == null ? null : rows(encoded.pooled(), rows));
  }

  private static Tensor rows(
      List<TextEncoding> all, int[] places, Function<TextEncoding, Tensor> tensor) {
    return joined(IntStream.of(places).mapToObj(i -> tensor.apply(all.get(i))));
  }

  private static Tensor rows(Tensor encoded, int[] places) {
    return joined(IntStream.of(places).mapToObj(i -> encoded.narrow(0, i, 1)));
  }

  private static Tensor joined(Stream<Tensor> rows) {
    TensorVector all = new TensorVector();
    rows.forEach(all::push_back);
    return torch.cat(all, 0);
  }

  /**
   * The captions of a training.
   *
   * @param all every template with the person's phrase, every image's own caption, the first
   *     template with the class word, by which class images are drawn
   * @param count how many templates there are
   * @param own for each image the place of its own caption, or -1
   */
  record Captions(List<String> all, int count, int[] own) {
    static Captions of(LoraTraining settings, TrainingSet set) {
      List<String> all = new ArrayList<>();
      settings
          .captions()
          .forEach(template -> all.add(template.replace("%s", set.subject().phrase())));
      int[] own = new int[set.images().size()];
      for (int i = 0; i < own.length; i++) {
        own[i] = set.images().get(i).caption().isPresent() ? all.size() : -1;
        set.images()
            .get(i)
            .caption()
            .ifPresent(text -> all.add(text.replace("%s", set.subject().phrase())));
      }
      all.add(ofClass(settings, set));
      return new Captions(List.copyOf(all), settings.captions().size(), own);
    }

    /** What class images are drawn by, and called. */
    static String ofClass(LoraTraining settings, TrainingSet set) {
      return settings.captions().get(0).replace("%s", set.subject().classWord());
    }

    /**
     * Places in {@link #all} of the captions of a batch.
     *
     * @param drawn a template for each image
     * @param images which images of the set the first of them are; the others are of the class
     */
    int[] chosen(int[] drawn, int[] images) {
      int[] places = drawn.clone();
      for (int i = 0; i < places.length; i++) {
        if (i >= images.length) {
          places[i] = all.size() - 1;
        } else if (own[images[i]] >= 0) {
          places[i] = own[images[i]];
        }
      }
      return places;
    }
  }
}
