package dev.likeness.diffusion.internal.pipeline;

import dev.likeness.diffusion.internal.adapter.GradientGuidance;
import dev.likeness.diffusion.internal.adapter.GradientGuidance.NetworkGradient;
import dev.likeness.diffusion.internal.family.AttentionLayers;
import dev.likeness.diffusion.internal.family.ConditionedBatch;
import dev.likeness.diffusion.internal.family.OpenModel;
import dev.likeness.diffusion.internal.family.Predictor;
import dev.likeness.diffusion.internal.family.PreparedLatents;
import dev.likeness.diffusion.internal.memory.GradientMemory;
import dev.likeness.diffusion.internal.sampling.EngineHooks;
import dev.likeness.diffusion.internal.sampling.ExtrapolatedPredictor;
import dev.likeness.diffusion.internal.sampling.GradientGuidedPredictor;
import dev.likeness.diffusion.internal.sampling.GuidedPredictor;
import dev.likeness.diffusion.internal.sampling.TiledPredictor;
import dev.likeness.diffusion.request.CachingOptions;
import dev.likeness.diffusion.request.ImageRequest;
import dev.likeness.diffusion.request.TilingOptions;
import dev.likeness.schedulers.SamplingPlan;
import java.util.List;
import java.util.Optional;

/**
 * Stage 7: the network as the sampling loop calls it. Each part wraps the part before:
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
record PredictorChain(OpenModel model) {
  /** The chain for a batch. Its tensors belong to the calling scope. */
  Predictor of(Batch batch, PreparedLatents latents, SamplingPlan plan) {
    ImageRequest request = batch.request();
    Predictor guided = guided(batch.conditionedBatch(plan.size()), latents);
    Predictor cached = withCaching(guided, request.caching(), plan);
    Predictor hooked = EngineHooks.of(request.hooks()).predictor().apply(cached);
    Predictor windowed = withTiling(hooked, request.tiling());
    return GradientGuidedPredictor.of(
        windowed, gradientGuidance(batch), () -> networkGradient(batch));
  }

  /** Chooses the gradient through the network by the memory that it needs. */
  private NetworkGradient networkGradient(Batch batch) {
    ImageRequest request = batch.request();
    int factor = model.autoencoder().vaeScaleFactor();
    int latentPixels = request.width().getAsInt() / factor * (request.height().getAsInt() / factor);
    int rows = batch.images().size() * (model.isGuided(request) ? 2 : 1);
    return GradientMemory.of(
            model.weights(model.denoiser()), model.layout(latentPixels), rows, model.compute())
        .choose(request.tiling().windows().isPresent());
  }

  /** The family's network with guidance. */
  private Predictor guided(ConditionedBatch batch, PreparedLatents latents) {
    ImageRequest request = batch.request();
    boolean together =
        AttentionLayers.of(model, model.denoiser()).hasBranches(batch.adaptation(model.denoiser()));
    return new GuidedPredictor(
            request.guidanceOptions(), model.guidanceScale(request), batch.rows(), together)
        .guide(model.network(batch, latents));
  }

  private static Predictor withCaching(
      Predictor network, CachingOptions caching, SamplingPlan plan) {
    return caching.kind() == CachingOptions.Kind.EXTRAPOLATION && caching.interval() > 1
        ? new ExtrapolatedPredictor(network, caching.interval(), plan)
        : network;
  }

  private static Predictor withTiling(Predictor network, TilingOptions tiling) {
    return tiling
        .windows()
        .<Predictor>map(windows -> TiledPredictor.of(network, windows.size(), windows.stride()))
        .orElse(network);
  }

  /** The gradient guidance of each image: the first that its adapters have. */
  private List<Optional<GradientGuidance>> gradientGuidance(Batch batch) {
    return batch.images().stream()
        .map(image -> model.gradientGuidance(image.request().request()))
        .toList();
  }
}
