package dev.likeness.diffusion.internal.pipeline;

import dev.likeness.diffusion.internal.adapter.GradientGuidance;
import dev.likeness.diffusion.internal.adapter.ModelAdapter;
import dev.likeness.diffusion.internal.family.Predictor;
import dev.likeness.diffusion.internal.family.PreparedLatents;
import dev.likeness.diffusion.internal.sampling.EngineHooks;
import dev.likeness.diffusion.internal.sampling.ExtrapolatedPredictor;
import dev.likeness.diffusion.internal.sampling.GradientGuidedPredictor;
import dev.likeness.diffusion.internal.sampling.TiledPredictor;
import dev.likeness.diffusion.request.CachingOptions;
import dev.likeness.diffusion.request.ImageRequest;
import dev.likeness.diffusion.request.TilingOptions;
import dev.likeness.schedulers.SamplingPlan;
import java.util.List;
import java.util.Optional;

/**
 * Stage 6: the network as the sampling loop calls it. From the inside out, each around the one
 * before:
 *
 * <ol>
 *   <li>the family's network under the encoded prompts, with control images and caching inside the
 *       network;
 *   <li>guidance by two prompts, and degraded guidance;
 *   <li>caching of whole predictions (extrapolation);
 *   <li>the caller's hook, which sees guided predictions;
 *   <li>windows, each of which sees all of the above;
 *   <li>gradient guidance, which needs the prediction of the whole sample.
 * </ol>
 */
record PredictorChain(PipelineModel model) {
  /** The chain for a batch; what it keeps belongs to the calling scope. */
  Predictor of(Batch batch, PreparedLatents latents, SamplingPlan plan) {
    ImageRequest request = batch.request();
    Predictor guided = model.network(batch.conditionedBatch(plan.size()), latents);
    Predictor cached = withCaching(guided, request.caching(), plan);
    Predictor hooked = EngineHooks.of(request.hooks()).predictor().apply(cached);
    Predictor windowed = withTiling(hooked, request.tiling());
    return GradientGuidedPredictor.of(windowed, gradientGuidance(batch));
  }

  /**
   * Refuses caching that the family's network has no place for, windows where it sees whole images
   * alone, and windows beside what remembers earlier predictions: a window would go on from another
   * window's.
   *
   * @throws IllegalArgumentException says what to do instead
   */
  void require(ImageRequest request) {
    CachingOptions caching = request.caching();
    model.requireCaching(caching);
    if (request.tiling().window() > 0 && !model.supportsTiledSampling()) {
      throw new IllegalArgumentException(
          "windows are for bases whose network can predict a part of an image, and this one"
              + " takes whole images alone; generate without windows");
    }
    if (request.tiling().window() > 0
        && (caching.kind() != CachingOptions.Kind.NONE
            || request.guidanceOptions().formula().hasMomentum())) {
      throw new IllegalArgumentException(
          "windows cannot go on from one another's answers; draw without an approximation,"
              + " but for token merging, and without guidance's momentum");
    }
  }

  private static Predictor withCaching(
      Predictor network, CachingOptions caching, SamplingPlan plan) {
    return caching.kind() == CachingOptions.Kind.EXTRAPOLATION && caching.interval() > 1
        ? new ExtrapolatedPredictor(network, caching.interval(), plan)
        : network;
  }

  private static Predictor withTiling(Predictor network, TilingOptions tiling) {
    return tiling.window() == 0
        ? network
        : TiledPredictor.of(network, tiling.window(), tiling.stride());
  }

  /** The gradient guidance of each image: the first that its adapters have. */
  private List<Optional<GradientGuidance>> gradientGuidance(Batch batch) {
    ModelAdapter.Context drawing = PromptEncoding.adapterContext(model, batch.request());
    return batch.images().stream()
        .map(image -> image.request().request().adapters().stream()
            .flatMap(adapter -> ModelAdapter.of(adapter).gradientGuidance(drawing).stream())
            .findFirst())
        .toList();
  }
}
