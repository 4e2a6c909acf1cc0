package dev.likeness.diffusion.internal.pipeline;

import dev.likeness.diffusion.internal.adapter.Adaptation;
import dev.likeness.diffusion.internal.adapter.ModelComponent;
import dev.likeness.diffusion.internal.family.ConditionedBatch;
import dev.likeness.diffusion.internal.family.Conditioning;
import dev.likeness.diffusion.request.ImageRequest;
import dev.likeness.diffusion.request.PromptSyntax;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * Stage 2: requests that can share passes of the network, and the images of one pass.
 *
 * @param images one for each image, those of one request beside one another
 */
record Batch(List<Image> images) {
  /**
   * A request with what all of its images share.
   *
   * @param request with everything filled in
   * @param adaptations what its adapters add to each component
   * @param prompts its prompts, encoded under these adaptations
   */
  record Request(
      ImageRequest request, Map<ModelComponent, Adaptation> adaptations, Conditioning prompts) {
    /**
     * Whether its adapters only add beside layers, so that it can share a pass with requests of
     * other adapters.
     */
    private boolean isBatchable() {
      return adaptations.get(ModelComponent.UNET).isBatchable()
          && adaptations.get(ModelComponent.TRANSFORMER).isBatchable();
    }
  }

  /** An image: its request, and its seed. */
  record Image(Request request, long seed) {}

  /** Requests that may be sampled in the same passes, in lists. */
  static List<List<ImageRequest>> groupCompatible(List<ImageRequest> requests) {
    Map<Object, List<ImageRequest>> lists = new LinkedHashMap<>();
    requests.forEach(request -> lists
        .computeIfAbsent(compatibilityKey(request), key -> new ArrayList<>())
        .add(request));
    return List.copyOf(lists.values());
  }

  /**
   * A request without prompts, seed, count and adapters, which may differ within a batch. A request
   * that begins from an image, or whose prompts may differ in length, is alone.
   */
  private static Object compatibilityKey(ImageRequest request) {
    boolean alone = request.initialImage() != null
        || request.prompts().syntax() != PromptSyntax.PLAIN
        || request.embedding() != null
        || request.negativeEmbedding() != null;
    return alone
        ? new Object()
        : request
            .prompts(request.prompts().prompt("").negative("").textualInversions(List.of()))
            .seed(0)
            .count(1)
            .adapters(List.of());
  }

  /**
   * Batches of at most {@code most} images: adapters that add beside layers share them, every other
   * adapter has its own.
   *
   * @param requests compatible ones
   */
  static List<Batch> of(List<Request> requests, int most) {
    Map<Object, List<Image>> together = new LinkedHashMap<>();
    for (Request request : requests) {
      List<Image> images = together.computeIfAbsent(
          request.isBatchable() ? Batch.class : request.adaptations(), any -> new ArrayList<>());
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

  /** A request that says what all have in common. */
  ImageRequest request() {
    return images.get(0).request().request();
  }

  long[] seeds() {
    return images.stream().mapToLong(Image::seed).toArray();
  }

  /**
   * The batch as a family's network takes it: neighbouring images of one request share its encoded
   * prompts.
   */
  ConditionedBatch conditionedBatch(int rows) {
    List<ConditionedBatch.Item> items = new ArrayList<>();
    for (int first = 0, next = 0; first < images.size(); first = next) {
      Request request = images.get(first).request();
      while (next < images.size() && images.get(next).request() == request) {
        next++;
      }
      items.add(new ConditionedBatch.Item(request.prompts(), request.adaptations(), next - first));
    }
    return new ConditionedBatch(request(), items, rows);
  }
}
