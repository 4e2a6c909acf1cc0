package dev.likeness.lora.internal.training;

import dev.likeness.diffusion.internal.adapter.ModelComponent;
import dev.likeness.diffusion.internal.family.TrainingTarget;
import dev.likeness.diffusion.internal.io.CurrentWork;
import dev.likeness.diffusion.internal.tensor.TensorRegion;
import dev.likeness.diffusion.internal.tensor.TensorScope;
import dev.likeness.diffusion.internal.text.TextEncoding;
import dev.likeness.lora.training.TrainingSet;
import dev.likeness.lora.training.TrainingSettings;
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
 * The conditioning of each caption. Frozen text encoders encode it once, trained ones in every
 * step. T5, by far the largest, usually stays frozen while CLIP is trained.
 */
public final class CaptionEncodings {
  /**
   * The number of captions encoded together. T5's attention scores of one caption take 34 MB in
   * bf16, and a streamed encoder is loaded for each call.
   */
  private static final int BATCH_SIZE = 4;

  private final TrainingTarget target;
  private final List<String> captions;
  private final int[] indices;
  private final TrainableNetworks networks;
  private final boolean trainsTextEncoder;
  /**
   * Encodes the captions once: with all encoders if none is trained, otherwise only with a frozen
   * T5.
   */
  private final List<TextEncoding> cached = new ArrayList<>();

  private CaptionEncodings(
      TrainingTarget target, List<String> captions, TrainableNetworks networks) {
    this.target = target;
    this.captions = captions.stream().distinct().toList();
    this.networks = networks;
    indices = captions.stream().mapToInt(this.captions::indexOf).toArray();
    trainsTextEncoder = Stream.of(ModelComponent.values())
        .anyMatch(component -> component != target.component() && networks.isTrained(component));
  }

  /**
   * Encodes captions with all encoders that are not trained.
   *
   * @param region the region that keeps the encodings
   */
  public static CaptionEncodings encode(
      TrainingTarget target,
      List<String> captions,
      TrainableNetworks networks,
      TensorRegion region) {
    CaptionEncodings encodings = new CaptionEncodings(target, captions, networks);
    List<String> distinct = encodings.captions;
    for (int from = 0; from < distinct.size(); from += BATCH_SIZE) {
      CurrentWork.throwIfCancelled();
      encodings.encodeCached(
          distinct.subList(from, Math.min(from + BATCH_SIZE, distinct.size())), region);
    }
    return encodings;
  }

  private void encodeCached(List<String> texts, TensorRegion region) {
    try (TensorScope scope = TensorScope.open();
        NoGradGuard guard = new NoGradGuard()) {
      Tensor byT5 = target
          .longText()
          .filter(t5 -> !t5.isTrained(networks))
          .map(t5 -> t5.encode(texts, networks))
          .orElse(null);
      TextEncoding read = !trainsTextEncoder
          ? target.encode(texts, byT5, networks)
          : byT5 == null ? null : new TextEncoding(byT5, null);
      for (int i = 0; read != null && i < texts.size(); i++) {
        cached.add(new TextEncoding(
            keepRow(read.tokens(), i, region),
            read.pooled() == null ? null : keepRow(read.pooled(), i, region)));
      }
    }
  }

  private static Tensor keepRow(Tensor rows, int row, TensorRegion region) {
    return region.keep(rows.narrow(0, row, 1).clone());
  }

  int count() {
    return indices.length;
  }

  /**
   * Returns token embeddings and pooled text of the captions with these indices. Gradients flow
   * through trained encoders.
   */
  TextEncoding encode(int[] asked) {
    int[] mine = IntStream.of(asked).map(place -> indices[place]).toArray();
    if (!trainsTextEncoder) {
      return new TextEncoding(
          rows(cached, mine, TextEncoding::tokens),
          cached.get(0).pooled() == null ? null : rows(cached, mine, TextEncoding::pooled));
    }
    int[] distinct = IntStream.of(mine).sorted().distinct().toArray();
    List<String> texts = IntStream.of(distinct).mapToObj(captions::get).toList();
    Tensor read = cached.isEmpty()
        ? target.longText().map(t5 -> t5.encode(texts, networks)).orElse(null)
        : rows(cached, distinct, TextEncoding::tokens);
    TextEncoding encoded = target.encode(texts, read, networks);
    int[] rows = IntStream.of(mine).map(i -> Arrays.binarySearch(distinct, i)).toArray();
    return new TextEncoding(
        rows(encoded.tokens(), rows),
        encoded.pooled() == null ? null : rows(encoded.pooled(), rows));
  }

  private static Tensor rows(
      List<TextEncoding> all, int[] places, Function<TextEncoding, Tensor> tensor) {
    return concat(IntStream.of(places).mapToObj(i -> tensor.apply(all.get(i))));
  }

  private static Tensor rows(Tensor encoded, int[] places) {
    return concat(IntStream.of(places).mapToObj(i -> encoded.narrow(0, i, 1)));
  }

  private static Tensor concat(Stream<Tensor> rows) {
    TensorVector all = new TensorVector();
    rows.forEach(all::push_back);
    return torch.cat(all, 0);
  }

  /**
   * The captions of a training.
   *
   * @param texts every template with the person's phrase, then the own captions of images, then the
   *     first template with the class word, which class images use
   * @param templates the number of templates
   * @param ownCaptions for each image the index of its own caption, or -1
   */
  record Captions(List<String> texts, int templates, int[] ownCaptions) {
    static Captions of(TrainingSettings settings, TrainingSet set) {
      List<String> all = new ArrayList<>();
      settings
          .captions()
          .forEach(template -> all.add(template.replace("%s", set.personToken().phrase())));
      int[] own = new int[set.examples().size()];
      for (int i = 0; i < own.length; i++) {
        own[i] = set.examples().get(i).caption().isPresent() ? all.size() : -1;
        set.examples()
            .get(i)
            .caption()
            .ifPresent(text -> all.add(text.replace("%s", set.personToken().phrase())));
      }
      all.add(classCaption(settings, set));
      return new Captions(List.copyOf(all), settings.captions().size(), own);
    }

    /** Returns the prompt and caption of class images. */
    static String classCaption(TrainingSettings settings, TrainingSet set) {
      return settings.captions().get(0).replace("%s", set.personToken().classWord());
    }

    /**
     * Returns the indices in {@link #texts} of the captions of a batch.
     *
     * @param chosen a template for each image
     * @param images indices of the training images at the start of the batch; the others are class
     *     images
     */
    int[] select(int[] chosen, int[] images) {
      int[] places = chosen.clone();
      for (int i = 0; i < places.length; i++) {
        if (i >= images.length) {
          places[i] = texts.size() - 1;
        } else if (ownCaptions[images[i]] >= 0) {
          places[i] = ownCaptions[images[i]];
        }
      }
      return places;
    }
  }
}
