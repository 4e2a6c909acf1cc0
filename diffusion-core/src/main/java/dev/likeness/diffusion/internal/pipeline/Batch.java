package dev.likeness.diffusion.internal.pipeline;

import dev.likeness.diffusion.internal.adapter.Adaptation;
import dev.likeness.diffusion.internal.adapter.ControlTokens;
import dev.likeness.diffusion.internal.adapter.ModelComponent;
import dev.likeness.diffusion.internal.family.ConditionedBatch;
import dev.likeness.diffusion.internal.family.Conditioning;
import dev.likeness.diffusion.request.ControlImage;
import dev.likeness.diffusion.request.ImageRequest;
import dev.likeness.diffusion.request.PromptOptions;
import dev.likeness.diffusion.request.PromptSyntax;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * Stage 3: groups requests that can be sampled together, and the images of one batch.
 *
 * @param images the batch items; images of one request are adjacent
 */
record Batch(List<Image> images) {
  /**
   * A request with the values that all of its images share.
   *
   * @param request the completed request
   * @param adaptations the adaptation of each component
   * @param controlTokens the tokens of ControlNets that do not attend to the prompts
   * @param prompts its encoded prompts
   */
  record Request(
      ImageRequest request,
      Map<ModelComponent, Adaptation> adaptations,
      Map<ControlImage, ControlTokens> controlTokens,
      Conditioning prompts) {
    /**
     * Returns true if its adapters only add side paths, so that it can share a batch with requests
     * of other adapters.
     */
    private boolean isBatchable() {
      return controlTokens.isEmpty()
          && adaptations.get(ModelComponent.UNET).isBatchable()
          && adaptations.get(ModelComponent.TRANSFORMER).isBatchable();
    }
  }

  /** A batch item: its request and its seed. */
  record Image(Request request, long seed) {}

  /** Groups requests that may be sampled together. */
  static List<List<ImageRequest>> groupCompatible(List<ImageRequest> requests) {
    Map<Object, List<ImageRequest>> lists = new LinkedHashMap<>();
    requests.forEach(request -> lists
        .computeIfAbsent(compatibilityKey(request), key -> new ArrayList<>())
        .add(request));
    return List.copyOf(lists.values());
  }

  /**
   * Returns a request without prompts, seed, count and adapters, which may differ within a batch.
   *
   * <p>A request with an initial image, or with prompts of variable length, has a key of its own.
   */
  private static Object compatibilityKey(ImageRequest request) {
    boolean alone = request.initialImage().isPresent()
        || !request.referenceImages().images().isEmpty()
        || request.prompts().syntax() != PromptSyntax.PLAIN
        || request.embedding().isPresent()
        || request.negativeEmbedding().isPresent();
    return alone
        ? new Object()
        : request
            .prompts(request
                .prompts()
                .prompt("")
                .withoutNegative()
                .encoderPrompts(PromptOptions.EncoderPrompts.NONE)
                .textualInversions(List.of()))
            .seed(0)
            .count(1)
            .adapters(List.of());
  }

  /**
   * Makes batches of at most {@code most} images. Adapters that add side paths share batches; every
   * other adapter has its own.
   *
   * @param requests compatible requests
   */
  static List<Batch> of(List<Request> requests, int most) {
    Map<Object, List<Image>> together = new LinkedHashMap<>();
    for (Request request : requests) {
      List<Image> images = together.computeIfAbsent(
          request.isBatchable()
              ? Batch.class
              : List.of(request.adaptations(), request.controlTokens()),
          any -> new ArrayList<>());
      for (int i = 0; i < request.request().count(); i++) {
        images.add(new Image(request, request.request().seed() + i));
      }
    }
    List<Batch> batches = new ArrayList<>();
    for (List<Image> images : together.values()) {
      for (int first = 0; first < images.size(); first += most) {
        batches.add(new Batch(images.subList(first, Math.min(first + most, images.size()))));
      }
    }
    return batches;
  }

  /** The first item's request; it has the options that all items share. */
  ImageRequest request() {
    return images.get(0).request().request();
  }

  long[] seeds() {
    return images.stream().mapToLong(Image::seed).toArray();
  }

  /**
   * Returns the batch for the family's network: adjacent images of one request share its encoded
   * prompts.
   */
  ConditionedBatch conditionedBatch(int rows) {
    List<ConditionedBatch.Item> items = new ArrayList<>();
    for (int first = 0, next = 0; first < images.size(); first = next) {
      Request request = images.get(first).request();
      while (next < images.size() && images.get(next).request() == request) {
        next++;
      }
      items.add(new ConditionedBatch.Item(
          request.prompts(), request.adaptations(), request.controlTokens(), next - first));
    }
    return new ConditionedBatch(request(), items, rows);
  }
}
