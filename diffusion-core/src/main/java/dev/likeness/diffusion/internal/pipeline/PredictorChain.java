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
 * Stage 6: the network as the sampling loop calls it. Each part wraps the part before:
 *
 * <ol>
 *   <li>the family's network with the encoded prompts, control images and caching inside the
 *       network;
 *   <li>classifier-free guidance and degraded guidance;
 *   <li>caching of whole predictions (extrapolation);
 *   <li>the caller's hook, which wraps guided predictions;
 *   <li>windows, each of which calls all of the above;
 *   <li>gradient guidance, which needs the prediction of the whole sample.
 * </ol>
 */
record PredictorChain(PipelineModel model) {
  /** The chain for a batch. Its tensors belong to the calling scope. */
  Predictor of(Batch batch, PreparedLatents latents, SamplingPlan plan) {
    ImageRequest request = batch.request();
    Predictor guided = model.network(batch.conditionedBatch(plan.size()), latents);
    Predictor cached = withCaching(guided, request.caching(), plan);
    Predictor hooked = EngineHooks.of(request.hooks()).predictor().apply(cached);
    Predictor windowed = withTiling(hooked, request.tiling());
    return GradientGuidedPredictor.of(windowed, gradientGuidance(batch));
  }

  /**
   * Refuses caching and windows that the network does not support. Windows do not go with caching
   * or momentum, because a window would continue from another window's prediction.
   *
   * @throws IllegalArgumentException if the network does not support the request's options
   */
  void require(ImageRequest request) {
    CachingOptions caching = request.caching();
    model.requireCaching(caching);
    if (request.tiling().window() > 0 && !model.supportsTiledSampling()) {
      throw new IllegalArgumentException(
          "this base does not support windows, because its network needs the whole image;"
              + " leave out the windows");
    }
    if (request.tiling().window() > 0
        && (caching.kind() != CachingOptions.Kind.NONE
            || request.guidanceOptions().formula().hasMomentum())) {
      throw new IllegalArgumentException(
          "windows cannot be combined with caching (except token merging) or guidance with"
              + " momentum;"
              + " leave out one of the two");
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
    ModelAdapter.Context context = PromptEncoding.adapterContext(model, batch.request());
    return batch.images().stream()
        .map(image -> image.request().request().adapters().stream()
            .flatMap(adapter -> ModelAdapter.of(adapter).gradientGuidance(context).stream())
            .findFirst())
        .toList();
  }
}
