package dev.likeness.diffusion.internal.family;

import dev.likeness.diffusion.internal.adapter.Adaptation;
import dev.likeness.diffusion.internal.adapter.BatchedAdaptation;
import dev.likeness.diffusion.internal.adapter.ControlTokens;
import dev.likeness.diffusion.internal.adapter.ModelComponent;
import dev.likeness.diffusion.internal.text.TextEncoding;
import dev.likeness.diffusion.request.ControlImage;
import dev.likeness.diffusion.request.ImageRequest;
import java.util.Collections;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.function.Function;
import java.util.stream.IntStream;
import org.bytedeco.pytorch.LongOptional;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorVector;
import org.bytedeco.pytorch.global.torch;

/**
 * The images of one batch: of one request, or of several that differ in prompts, seeds and
 * adapters.
 *
 * @param request the options that all images share
 * @param items the requests, in the order of their images in the batch
 * @param rows number of rows of the plan
 */
public record ConditionedBatch(ImageRequest request, List<Item> items, int rows) {
  /**
   * A request's part of the batch.
   *
   * @param conditioning its encoded prompts
   * @param adaptations its adaptations by component
   * @param controlTokens the tokens of ControlNets that do not attend to the prompts
   * @param count its number of images
   */
  public record Item(
      Conditioning conditioning,
      Map<ModelComponent, Adaptation> adaptations,
      Map<ControlImage, ControlTokens> controlTokens,
      int count) {}

  /** Number of images. */
  public int count() {
    return items.stream().mapToInt(Item::count).sum();
  }

  /** The adaptation of a component, which may differ between images. */
  public Adaptation adaptation(ModelComponent component) {
    return BatchedAdaptation.of(items.stream()
        .flatMap(item -> Collections.nCopies(item.count, item.adaptations.get(component)).stream())
        .toList());
  }

  /** The adapted network at each row of the plan. Rows with the same adaptation share one. */
  public <N> List<N> adaptedNetworks(Adaptation adaptation, Function<Adaptation, N> build) {
    Map<Adaptation, N> built = new HashMap<>();
    return IntStream.range(0, rows)
        .mapToObj(i -> built.computeIfAbsent(adaptation.at((double) i / rows), build))
        .toList();
  }

  /** The encoding of each item at a row of the plan. */
  public List<TextEncoding> encodings(int row, boolean negative) {
    return items.stream().map(item -> item.conditioning.at(row, negative)).toList();
  }

  /** Encodings of the items, repeated for each image. */
  public TextEncoding repeatPerImage(List<TextEncoding> encodings) {
    return new TextEncoding(
        rows(encodings, TextEncoding::tokens), rows(encodings, TextEncoding::pooled));
  }

  private Tensor rows(List<TextEncoding> encodings, Function<TextEncoding, Tensor> field) {
    if (field.apply(encodings.get(0)) == null) {
      return null;
    }
    TensorVector rows = new TensorVector();
    for (int i = 0; i < encodings.size(); i++) {
      rows.push_back(field
          .apply(encodings.get(i))
          .repeat_interleave(items.get(i).count, new LongOptional(0), new LongOptional()));
    }
    return torch.cat(rows, 0);
  }

  /**
   * Encodings of constant prompts, repeated for each image. With guidance, the negative prompts
   * come first.
   */
  public TextEncoding constant(boolean guided) {
    TextEncoding positive = repeatPerImage(encodings(0, false));
    if (!guided) {
      return positive;
    }
    TextEncoding negative = repeatPerImage(encodings(0, true));
    return new TextEncoding(
        torch.cat(new TensorVector(negative.tokens(), positive.tokens()), 0),
        torch.cat(new TensorVector(negative.pooled(), positive.pooled()), 0));
  }

  /**
   * The tokens that a control image's ControlNet attends to, repeated for each image, [count,
   * tokens, width]; empty if it attends to the prompts.
   *
   * @param isNegative true for those beside the negative prompt
   */
  public Optional<Tensor> controlTokens(ControlImage control, boolean isNegative) {
    if (!items.get(0).controlTokens.containsKey(control)) {
      return Optional.empty();
    }
    TensorVector rows = new TensorVector();
    for (Item item : items) {
      ControlTokens tokens = item.controlTokens.get(control);
      Tensor own = isNegative ? tokens.unconditional() : tokens.conditional();
      rows.push_back(own.repeat_interleave(item.count, new LongOptional(0), new LongOptional()));
    }
    return Optional.of(torch.cat(rows, 0));
  }

  /**
   * The guidance scale of a ControlNet with tokens of its own; empty if it takes that of the
   * request.
   */
  public OptionalDouble controlGuidance(ControlImage control) {
    ControlTokens tokens = items.get(0).controlTokens.get(control);
    return tokens == null ? OptionalDouble.empty() : tokens.guidance();
  }

  /**
   * Returns true if a ControlNet with tokens of its own acts on the prediction with the prompt
   * alone.
   */
  public boolean isForPromptAlone(ControlImage control) {
    ControlTokens tokens = items.get(0).controlTokens.get(control);
    return tokens != null && tokens.unconditional() == null;
  }

  /** Expands a number [1] of the whole batch to [batch], for layers that differ by image. */
  public Tensor expandToBatch(Tensor one, long batch) {
    boolean alike = items.stream().map(Item::adaptations).distinct().count() == 1;
    return alike ? one : one.expand(batch);
  }
}
